-- +goose Up
-- What a large import wrote becomes findable by name in a transaction of its
-- own: the search index costs more than the rows.
alter table import add column unnamed boolean not null default false;
create index import_unnamed on import (id) where unnamed;
comment on column import.unnamed is 'The names of its rows are not in place_name yet; a job puts them there.';

-- Checking this reference took a tenth of a large import; an import is never
-- deleted, and what it changed is forgotten by time.
alter table import_change drop constraint import_change_import;

-- +goose Down
select 'a landed migration is not taken back';
