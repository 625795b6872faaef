select a[0], m['k'], s.f.g, t.s.*, array(1, 2)[1].x, struct(1 as a, b) from t lateral view explode(a) v as x lateral view outer posexplode(m) w as p, k, v where s.f in (struct(1, 'a'));
select posexplode(a) as (p, c), inline(array(struct(1, 2))), explode(map('a', 1)) from t;
