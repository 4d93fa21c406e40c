-- Where other accounts' alerts name an erased account, they shall say that it was erased.
ALTER TABLE abuse_alerts
UPDATE
    reasons = replaceRegexpAll(reasons, {pattern:String}, {hidden:String}),
    evidence = replaceRegexpAll(evidence, {pattern:String}, {hidden:String})
WHERE multiSearchAny(reasons, {names:Array(String)})
   OR multiSearchAny(evidence, {names:Array(String)})
