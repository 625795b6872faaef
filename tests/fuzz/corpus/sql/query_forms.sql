FROM t SELECT i ORDER BY i LIMIT 1 SELECT inline(a) (x, y), user, current_timestamp(6) WINDOW w AS (ORDER BY i)
