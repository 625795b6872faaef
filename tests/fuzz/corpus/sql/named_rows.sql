SELECT (1, 2 AS b) IN (SELECT 1, 2), (1, 3 b) IN ((1, 2), (3, 4 c))
