-- Where other accounts' scores name an erased account, they shall say that it was erased.
ALTER TABLE risk_scores
UPDATE reasons = replaceRegexpAll(reasons, {pattern:String}, {hidden:String})
WHERE multiSearchAny(reasons, {names:Array(String)})
