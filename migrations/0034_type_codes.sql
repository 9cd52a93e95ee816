-- +goose Up
-- Codes of other tables are imported as the registers are: where a code comes from
-- is its table, its own id there is the code, and it belongs to the district.

alter table type_code_map rename column standard to source;
alter table type_code_map rename column code to external_id;
alter table type_code_map drop column made_type;
alter table type_code_map add column area_id bigint constraint type_code_map_area references area (id);
update type_code_map set area_id = (select min(id) from area where parent_id is null);
create index type_code_map_area_id on type_code_map (area_id);
comment on column type_code_map.source is 'The table, as reports name it before the colon: GB/T 35561, 12345.';
comment on column type_code_map.external_id is 'The code in its own table.';
comment on column type_code_map.area_id is 'The district.';
call let_write('type_code_map', 'insert', 'update');

-- +goose Down
select 'a landed migration is not taken back';
