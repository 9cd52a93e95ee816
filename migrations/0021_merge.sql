-- +goose Up
-- Several reports, one incident: what was merged into what, so that it can be
-- taken apart again, and what the search for likely duplicates goes by.

create table incident_merge (
    id           bigint generated always as identity primary key,
    incident_id  bigint not null constraint incident_merge_incident references incident (id),
    into_id      bigint not null constraint incident_merge_into references incident (id),
    reason       text not null,
    merged_by    bigint not null constraint incident_merge_merged_by references account (id),
    merged_at    timestamptz not null,
    state        text not null,
    state_since  timestamptz not null,
    due_at       timestamptz,
    ladder_at    timestamptz,
    ladder_rung  integer not null,
    told_level   text,
    undone_by    bigint constraint incident_merge_undone_by references account (id),
    undone_at    timestamptz,
    undone_why   text not null default '',
    constraint incident_merge_apart check (incident_id <> into_id),
    constraint incident_merge_undone check ((undone_at is null) = (undone_by is null))
);
create unique index incident_merge_standing on incident_merge (incident_id) where undone_at is null;
create index incident_merge_into_id on incident_merge (into_id);
create index incident_merged_into_id on incident (merged_into) where merged_into is not null;
comment on table incident_merge is 'An incident that is shown with another; undone, or in force.';
comment on column incident_merge.state is 'Where the incident stood, and goes back to, with its clock and its ladder.';

-- What went over with it keeps its row, under the other incident, and is listed
-- here: what came goes back, what was added since stays.
create table incident_merge_row (
    merge_id     bigint not null constraint incident_merge_row_merge references incident_merge (id) on delete cascade,
    noun         text not null,
    row_id       bigint not null,
    primary key (merge_id, noun, row_id),
    constraint incident_merge_row_noun check (noun in ('report', 'timeline', 'attachment', 'assignment', 'party'))
);
comment on column incident_merge_row.noun is 'Of what row_id is; party: an area that takes part in the other incident since then.';

create index report_cell on report (cell, received_at);

call guard_table('incident_merge');
call guard_table('incident_merge_row');
call let_see('incident_merge', '(select viewer_everywhere()) or exists (select from incident i where i.id in (incident_id, into_id))');
call let_see('incident_merge_row', '(select viewer_commands())');
call let_write('incident_merge', 'insert', 'update');
call let_write('incident_merge_row', 'insert');

-- Reports, words and pictures go over and back; nothing else of them is changed.
-- +goose StatementBegin
do $$
declare
    t text;
begin
    foreach t in array array['report', 'timeline', 'attachment'] loop
        execute format('create policy command_update on %I for update to yiping_app using ((select viewer_commands()))', t);
        execute format('grant update (incident_id) on %I to yiping_app', t);
    end loop;
end $$;
-- +goose StatementEnd

-- +goose Down
select 'a landed migration is not taken back';
