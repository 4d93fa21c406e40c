-- Where other accounts' lists name an erased account, they shall say that it was erased.
ALTER TABLE link_decisions
UPDATE ignored = replaceRegexpAll(ignored, {pattern:String}, {hidden:String})
WHERE multiSearchAny(ignored, {names:Array(String)})
