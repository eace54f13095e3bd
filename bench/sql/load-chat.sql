-- Ready-made rows into a staging table, and from there the same upsert that the sink makes.
begin;
create temp table staged on commit drop as select id, text, model from answers_of_psql with no data;
\copy staged from pstdin
insert into answers_of_psql (id, text, model)
  select id, text, model from staged order by id
  on conflict (id) do update set text = excluded.text, model = excluded.model;
commit;
