-- How many accounts became critical in the last ten minutes, if that is a burst? A burst is 10 or
-- more, and five times what ten minutes of the day before had on average; 0 if it is none.
-- Accounts whose event is older than a day are left out: history that is loaded or judged anew.
WITH firsts AS
(
    SELECT user_id, min(scored_at) AS raised_at
    FROM abuse_alerts
    WHERE
        level = 'critical'
        AND status != 'cleared'
        AND scored_at > now() - INTERVAL 1 DAY
        AND event_time > now() - INTERVAL 1 DAY
    GROUP BY user_id
)
SELECT if(recent >= 10 AND recent > 5 * usual, recent, 0) AS accounts
FROM
(
    SELECT
        countIf(raised_at > now() - INTERVAL 10 MINUTE) AS recent,
        countIf(raised_at <= now() - INTERVAL 10 MINUTE) / 143 AS usual
    FROM firsts
)
