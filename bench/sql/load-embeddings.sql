-- Ready-made rows in COPY's binary format into a staging table, and from there the same upsert that the sink makes.
begin;
create temp table staged on commit drop as select id, embedding, model from answers_of_psql with no data;
\copy staged from pstdin with (format binary)
insert into answers_of_psql (id, embedding, model)
  select id, embedding, model from staged order by id
  on conflict (id) do update set embedding = excluded.embedding, model = excluded.model;
commit;
