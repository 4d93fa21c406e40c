"""Whether a value that many accounts share identifies anybody: measured, never guessed by a word.

No list of placeholders is complete: an SDK sends its name as device id, a form its example's phone
number. Strangers who share such a value are unlike in everything else; a ring that shares a device
is alike in more than that, or it has saved nothing. :mod:`ml.shared_values.sharers` is what is
looked at, :mod:`ml.shared_values.figures` what is measured, :mod:`ml.shared_values.judgement` what
follows from it.
"""
