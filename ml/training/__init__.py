"""How a model is made: history, examples, folds, fit, evaluation, report."""
