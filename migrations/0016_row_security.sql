-- +goose Up
-- Row-level security: the second wall. The first is the application, which
-- decides what each role may see and do; should it err, or be talked into SQL of
-- somebody else's, the database still gives no row beyond the viewer's own.
--
-- Three roles: the owner of the tables (it migrates, and nothing else is done with
-- it), yiping_app (requests and commands; bound by every policy below) and
-- yiping_system (the service's own work: sequencer, tail, jobs, imports, sign-in).
-- Roles belong to the whole server: another database's migration may make them at
-- the same time.
-- +goose StatementBegin
do $$
declare
    wanted text;
    trusted boolean := (select rolsuper from pg_roles where rolname = current_user);
begin
    foreach wanted in array array['yiping_app', 'yiping_system'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
            if not trusted and not pg_has_role(current_user, wanted, 'member') then
                execute format('grant %I to current_user', wanted); -- so that its connections may take the role
            end if;
        exception
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise exception 'the database user % may not make the role %: let an administrator run "create role yiping_app; create role yiping_system; grant yiping_app, yiping_system to %" first',
                    current_user, wanted, quote_ident(current_user);
        end;
    end loop;
end $$;
-- +goose StatementEnd

-- Who looks travels with each query, in the setting yiping.viewer:
--     seal|scope|account|responder|areas|incidents
-- Any SQL can change a setting, so it is sealed: the server computes the seal with
-- a key that the application's role cannot read, and what is not sealed counts as
-- nobody. Scope "read" is a request's; "audit" reads the audit trail too; "command"
-- stands for a transaction whose domain code locks, checks and records what it does
-- itself and must see what the one who asks may not: that somebody is on another
-- street's task already. Areas are an array, or * for everywhere.
create table viewer_key (
    only_row     boolean primary key default true,
    key          bytea not null,
    constraint viewer_key_only_row check (only_row)
);
insert into viewer_key (key) values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
comment on table viewer_key is 'What seals the setting yiping.viewer: 244 random bits, known to the owner and the system alone.';

-- The functions that read as the owner name the schema of all they use, so that
-- nobody puts a temporary table in the place of another; a search path of their
-- own would make them six times as slow. What nobody claims is not verified.
-- +goose StatementBegin
create function viewer_said(part int) returns text
language plpgsql stable parallel safe security definer as $$
declare
    said  text := pg_catalog.current_setting('yiping.viewer', true);
    words bytea;
    k     bytea;
begin
    if said is null or said = '' then -- once set, a setting reads '' after its transaction
        return null;
    end if;
    select v.key into k from public.viewer_key v;
    words := pg_catalog.convert_to(pg_catalog.substr(said, 65), 'UTF8');
    if pg_catalog.encode(pg_catalog.sha256(k || pg_catalog.sha256(k || words)), 'hex') <> pg_catalog.left(said, 64) then
        return null;
    end if;
    return pg_catalog.split_part(said, '|', part + 1);
end $$;

create function viewer_claims(part int, word text) returns boolean
language plpgsql stable parallel safe as $$
begin
    return coalesce(split_part(current_setting('yiping.viewer', true), '|', part + 1) = word, false);
end $$;

create function viewer_is_somebody() returns boolean
language plpgsql stable parallel safe as $$
begin
    return viewer_said(1) is not null;
end $$;

create function viewer_commands() returns boolean
language plpgsql stable parallel safe as $$
begin
    return viewer_claims(1, 'command') and viewer_said(1) is not null;
end $$;

create function viewer_audits() returns boolean
language plpgsql stable parallel safe as $$
begin
    return viewer_claims(1, 'audit') and viewer_said(1) is not null;
end $$;

create function viewer_everywhere() returns boolean
language plpgsql stable parallel safe as $$
declare
    said text := current_setting('yiping.viewer', true);
begin
    return (split_part(said, '|', 5) = '*' or split_part(said, '|', 2) = 'command') and viewer_said(1) is not null;
end $$;

create function viewer_areas() returns bigint[]
language plpgsql stable parallel safe as $$
begin
    return case when not viewer_claims(4, '*') then viewer_said(4)::bigint[] end;
end $$;

create function viewer_account() returns bigint
language plpgsql stable parallel safe as $$
begin
    return case when not viewer_claims(2, '0') then viewer_said(2)::bigint end;
end $$;

create function viewer_responder() returns bigint
language plpgsql stable parallel safe as $$
begin
    return case when not viewer_claims(3, '0') then viewer_said(3)::bigint end;
end $$;

-- The incidents that the viewer takes part in, beside those that lie in the
-- viewer's areas: those the server names, those that such an area takes part in,
-- and those they were asked to or work on. It ends when the incident is over.
create function viewer_incidents() returns bigint[]
language plpgsql stable parallel safe security definer as $$
declare
    given bigint[];
    areas bigint[] := public.viewer_areas();
    me    bigint := public.viewer_responder();
begin
    if not public.viewer_claims(5, '{}') then
        given := public.viewer_said(5)::bigint[];
    end if;
    if areas <> '{}' then
        given := given || array(select p.incident_id from public.incident_party p where p.area_id = any (areas) and p.until is null);
    end if;
    if me is not null then
        given := given || array(
            select i.id from public.incident i
            where i.state not in ('closed', 'rejected', 'merged', 'cancelled') and i.id in (
                select o.incident_id from public.offer o where o.responder_id = me and o.state in ('offered', 'seen', 'later', 'standby')
                union all
                select s.incident_id from public.assignment s where s.responder_id = me and s.state <> 'released'));
    end if;
    return given;
end $$;

-- The people of other areas who were asked to, or work on, what the viewer sees.
create function viewer_people() returns bigint[]
language plpgsql stable parallel safe security definer as $$
declare
    areas bigint[] := public.viewer_areas();
    incidents bigint[] := public.viewer_incidents();
begin
    if coalesce(areas || incidents, '{}') = '{}' then
        return null;
    end if;
    return array(
        select o.responder_id from public.offer o
        where (o.area_id = any (areas) or o.incident_id = any (incidents)) and o.state in ('offered', 'seen', 'later', 'standby')
        union
        select s.responder_id from public.assignment s
        where (s.area_id = any (areas) or s.incident_id = any (incidents)) and s.state in ('accepted', 'en_route', 'on_scene'));
end $$;

-- The community where the viewer is registered to serve; null for no responder.
create function viewer_home() returns bigint
language plpgsql stable parallel safe security definer as $$
declare
    me bigint := public.viewer_responder();
begin
    return case when me is not null then (select r.area_id from public.responder r where r.id = me) end;
end $$;
-- +goose StatementEnd

-- What belongs to an incident or to a person carries its area. A policy that asked
-- the incident or the person for each row, whose own policies are asked in turn,
-- took a list of 100 people four times as long as without policies.
-- +goose StatementBegin
create function area_of_incident() returns trigger language plpgsql as $$
begin
    new.area_id := (select i.area_id from incident i where i.id = new.incident_id);
    return new;
end $$;

create function area_of_responder() returns trigger language plpgsql as $$
begin
    new.area_id := (select r.area_id from responder r where r.id = new.responder_id);
    return new;
end $$;

create function incident_moved() returns trigger language plpgsql security definer as $$
begin
    update public.offer set area_id = new.area_id where incident_id = new.id;
    update public.assignment set area_id = new.area_id where incident_id = new.id;
    update public.timeline set area_id = new.area_id where incident_id = new.id;
    update public.attachment set area_id = new.area_id where incident_id = new.id;
    return null;
end $$;

create function responder_moved() returns trigger language plpgsql security definer as $$
begin
    update public.responder_affiliation set area_id = new.area_id where responder_id = new.id;
    update public.responder_skill set area_id = new.area_id where responder_id = new.id;
    update public.duty set area_id = new.area_id where responder_id = new.id;
    update public.duty_change set area_id = new.area_id where responder_id = new.id;
    update public.position set area_id = new.area_id where responder_id = new.id;
    return null;
end $$;

do $$
declare
    child text;
    parent text;
begin
    for child, parent in values ('offer', 'incident'), ('assignment', 'incident'), ('timeline', 'incident'), ('attachment', 'incident'),
        ('responder_affiliation', 'responder'), ('responder_skill', 'responder'), ('duty', 'responder'), ('duty_change', 'responder'), ('position', 'responder')
    loop
        execute format('alter table %I add column area_id bigint', child);
        execute format('update %1$I c set area_id = p.area_id from %2$I p where p.id = c.%2$s_id', child, parent);
        execute format('alter table %I alter column area_id set not null', child);
        execute format('comment on column %I.area_id is %L', child, 'Of its ' || parent || ', kept in step by triggers.');
        execute format('create trigger %1$s_area before insert or update of %2$s_id on %1$I for each row execute function area_of_%2$s()', child, parent);
    end loop;
end $$;
-- +goose StatementEnd
create trigger incident_moved after update of area_id on incident for each row
    when (old.area_id is distinct from new.area_id) execute function incident_moved();
create trigger responder_moved after update of area_id on responder for each row
    when (old.area_id is distinct from new.area_id) execute function responder_moved();
create index offer_area_id on offer (area_id);
create index assignment_area_id on assignment (area_id);
create index duty_area_id on duty (area_id);
create index offer_responder_id on offer (responder_id);
create index assignment_responder_id on assignment (responder_id);
create index duty_change_responder_id on duty_change (responder_id);

-- A view reads with the rights of who asks.
alter view duty_register set (security_invoker = true);

-- guard_table puts a table behind the wall: nobody but the system and the owner
-- sees a row until a policy says who does. Each table of a later migration is put
-- there with it; a test fails for one that is not.
-- +goose StatementBegin
create procedure guard_table(guarded regclass) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', guarded);
    execute format('alter table %s force row level security', guarded);
    execute format('create policy service on %s to yiping_system, current_user using (true) with check (true)', guarded);
end $$;

-- let_see says who among the application's viewers sees a row; let_write, that a
-- command may write it. In a condition each function of the viewer stands in a
-- select of its own: it is asked once a query, and not at all where what is before
-- it decides.
create procedure let_see(guarded regclass, condition text) language plpgsql as $$
begin
    execute format('create policy seen on %s for select to yiping_app using (%s)', guarded, condition);
    execute format('grant select on %s to yiping_app', guarded);
end $$;

create procedure let_write(guarded regclass, variadic verbs text[]) language plpgsql as $$
declare
    verb text;
begin
    foreach verb in array verbs loop
        execute format('create policy command_%1$s on %2$s for %1$s to yiping_app %3$s', verb, guarded,
            case verb when 'insert' then 'with check ((select viewer_commands()))' else 'using ((select viewer_commands()))' end);
        execute format('grant %s on %s to yiping_app', verb, guarded);
    end loop;
end $$;

do $$
declare
    t text;
    of_area     constant text := '(select viewer_everywhere()) or area_id = any ((select viewer_areas())::bigint[])';
    of_incident constant text := of_area || ' or incident_id = any ((select viewer_incidents())::bigint[])';
    of_person   constant text := of_area || ' or responder_id = (select viewer_responder()) or responder_id = any ((select viewer_people())::bigint[])';
    of_team     constant text := '(select viewer_everywhere()) or exists (select from team x where x.id = team_id)';
begin
    for t in select c.oid::regclass from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and c.relname not in ('schema_version', 'spatial_ref_sys') -- goose's, PostGIS's
    loop
        call guard_table(t::regclass);
    end loop;

    -- Open to all, the public pages among them: whose installation it is, the area
    -- tree, the ground, the words for things, how far the log has come. True is no
    -- condition at all to the planner.
    foreach t in array array['installation', 'area', 'ground', 'incident_type', 'plan', 'holiday', 'feed', 'party_organisation'] loop
        call let_see(t::regclass, 'true');
    end loop;
    -- Open to everybody who is signed in: where help is, and the names of colleagues.
    call let_see('facility', '(select viewer_is_somebody())');
    create policy seen on account for select to yiping_app using ((select viewer_is_somebody()));
    grant select (id, username, display_name, responder_id) on account to yiping_app; -- no secret of theirs

    foreach t in array array['unit', 'compound', 'building', 'camera', 'site', 'device', 'place_name', 'shift', 'team'] loop
        call let_see(t::regclass, of_area);
    end loop;
    call let_see('team_member', of_team);
    call let_see('rotation', of_team);

    call let_see('incident', of_area || ' or id = any ((select viewer_incidents())::bigint[])'
        || ' or state in (''verified'', ''dispatching'') and area_id = (select viewer_home())');
    call let_see('offer', of_incident || ' or responder_id = (select viewer_responder())');
    call let_see('assignment', of_incident || ' or responder_id = (select viewer_responder())');
    call let_see('incident_party', of_area || ' or exists (select from incident i where i.id = incident_id)');
    call let_see('timeline', of_incident);
    call let_see('attachment', of_incident);
    call let_see('report', of_area || ' or exists (select from incident i where i.id = incident_id)');
    call let_see('event', of_incident || ' or responder_id = (select viewer_responder())');

    -- A person is seen where they serve, by themselves, and by those whose incidents
    -- they were asked to or work on.
    call let_see('responder', of_area || ' or id = (select viewer_responder()) or exists (select from offer o where o.responder_id = responder.id)');
    foreach t in array array['responder_affiliation', 'responder_skill', 'duty', 'duty_change', 'position'] loop
        call let_see(t::regclass, of_person);
    end loop;

    -- The trail, to the audit administrator and to whom it is about.
    call let_see('audit', '(select viewer_audits()) or subject_id = (select viewer_responder())');
    foreach t in array array['audit_head', 'audit_text', 'audit_dropped'] loop
        call let_see(t::regclass, '(select viewer_audits())');
    end loop;

    -- What somebody agreed to is theirs; commands ask it before a position is kept.
    -- The registers that the law asks for are the installation's, hold nobody's
    -- data, and are open to who is signed in, as far as the server lets them.
    call let_see('consent', 'responder_id = (select viewer_responder()) or (select viewer_commands())');
    foreach t in array array['consent_text', 'processing_purpose', 'retention_rule', 'destroyed', 'share'] loop
        call let_see(t::regclass, '(select viewer_is_somebody())');
    end loop;
    call let_see('incident_hold', 'exists (select from incident i where i.id = incident_id)');

    -- Imports and what they did belong to who made them.
    call let_see('import', '(select viewer_everywhere()) or account_id = (select viewer_account())');
    foreach t in array array['import_problem', 'import_change'] loop
        call let_see(t::regclass, '(select viewer_everywhere()) or exists (select from import x where x.id = import_id)');
    end loop;

    -- What commands write, and no more: registers are filled by imports.
    foreach t in array array['report', 'timeline', 'attachment', 'duty_change', 'import_file', 'import_change',
        'event_pending', 'audit_pending', 'audit_text', 'idempotency_key'] loop
        call let_write(t::regclass, 'insert');
    end loop;
    foreach t in array array['unit', 'compound', 'building', 'facility', 'camera', 'site', 'device'] loop
        call let_write(t::regclass, 'update');
    end loop;
    foreach t in array array['incident', 'incident_party', 'offer', 'assignment', 'responder', 'area', 'installation', 'import', 'shift', 'team'] loop
        call let_write(t::regclass, 'insert', 'update');
    end loop;
    foreach t in array array['responder_affiliation', 'responder_skill', 'team_member'] loop
        call let_write(t::regclass, 'insert', 'delete');
    end loop;
    foreach t in array array['duty', 'position', 'place_name', 'rotation', 'holiday'] loop
        call let_write(t::regclass, 'insert', 'update', 'delete');
    end loop;
    foreach t in array array['idempotency_key', 'event_pending'] loop
        call let_see(t::regclass, '(select viewer_commands())');
    end loop;
end $$;
-- +goose StatementEnd

-- The system does what the service does by itself, and adds to the logs without
-- changing them.
grant select, insert, update, delete on all tables in schema public to yiping_system;
grant usage on all sequences in schema public to yiping_app;
grant usage, select, update on all sequences in schema public to yiping_system;
revoke all on schema_version from yiping_system;
revoke all on viewer_key from yiping_system;
grant select on viewer_key to yiping_system;
revoke update, delete on event, audit, audit_dropped from yiping_system;
grant update (responder_id, account_id) on event to yiping_system; -- what its trigger lets be forgotten
grant select on spatial_ref_sys, duty_register to yiping_app;

-- Later tables: the system's at once, the application's as their policies say.
alter default privileges grant select, insert, update, delete on tables to yiping_system;
alter default privileges grant usage on sequences to yiping_app;
alter default privileges grant usage, select, update on sequences to yiping_system;

-- A partition has policies of its own, and none of the log's: nobody reads or
-- writes one but through the log. Making the next and removing the oldest needs
-- the owner.
alter function make_audit_partition(bigint, bigint) rename to build_audit_partition;
-- +goose StatementBegin
create function close_partition(part regclass) returns void language plpgsql as $$
begin
    execute format('alter table %s enable row level security', part);
    execute format('alter table %s force row level security', part);
    execute format('revoke all on %s from yiping_app, yiping_system', part);
end $$;

create function make_event_partition(n bigint, size bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if to_regclass('event_' || n) is null then
        execute format('create table event_%s partition of event for values from (%s) to (%s)', n, n * size, (n + 1) * size);
        perform close_partition(('event_' || n)::regclass);
    end if;
end $$;

create function make_audit_partition(first bigint, following bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform build_audit_partition(first, following);
    perform close_partition(('audit_' || first)::regclass);
end $$;

-- Only what is on record as removed is removed.
create function drop_audit_partition(first bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    last bigint;
begin
    execute format('select max(seq) from audit_%s', first) into last;
    if last > (select coalesce(max(d.last_seq), 0) from audit_dropped d) then
        raise exception 'audit_% is not on record as removed', first using errcode = 'restrict_violation';
    end if;
    execute format('drop table audit_%s', first);
end $$;
-- +goose StatementEnd
select close_partition(c.oid::regclass) from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relispartition;

revoke all on function viewer_said(int), viewer_incidents(), viewer_people(), viewer_home(), make_event_partition(bigint, bigint),
    make_audit_partition(bigint, bigint), build_audit_partition(bigint, bigint), drop_audit_partition(bigint), close_partition(regclass) from public;
revoke all on procedure guard_table(regclass), let_see(regclass, text), let_write(regclass, text[]) from public;
grant execute on function viewer_said(int), viewer_incidents(), viewer_people(), viewer_home() to yiping_app;
grant execute on function make_event_partition(bigint, bigint), make_audit_partition(bigint, bigint), drop_audit_partition(bigint) to yiping_system;

-- +goose Down
select 'a landed migration is not taken back';
