/** Hints: who watches a partition is told on its channel, in the transaction that gives reason to. @param s the schema as a quoted identifier */
export const queueTelling = (s: string): string => `
create or replace function ${s}.queue_channel(p_partition text) returns text language sql immutable as
$$ select 'quorate_' || md5('${s.replaceAll("'", "''")}' || '/queue/' || p_partition) $$;

-- Also where nobody watches yet, if the transaction may last: who begins to meanwhile would hear of nothing at its end.
create or replace function ${s}.queue_tell(p_queue text[], p_lasts boolean default false) returns void language plpgsql as $$
begin
  if p_lasts then
    perform pg_notify(${s}.queue_channel(split_part(q.queue, '/', 1)), 'q' || q.queue)
      from (select distinct u.queue from unnest(p_queue) u(queue)) q;
    return;
  end if;
  perform pg_notify(${s}.queue_channel(w.partition), 'q' || q.queue)
    from (select distinct u.queue from unnest(p_queue) u(queue)) q
    join ${s}.queue_watch w on w.partition = split_part(q.queue, '/', 1)
    where w.queues_until > clock_timestamp();
end $$;

create or replace function ${s}.queue_tell_state(p_key text) returns void language plpgsql as $$
begin
  perform pg_notify(${s}.queue_channel(w.partition), 's' || p_key) from ${s}.queue_watch w
    where w.partition = split_part(p_key, '/', 1) and w.state_until > clock_timestamp();
end $$;

create or replace function ${s}.queue_watch(p_partition text, p_queues double precision, p_state double precision)
returns void language plpgsql as $$
begin
  insert into ${s}.queue_watch as w values (
    p_partition,
    clock_timestamp() + p_queues * interval '1 millisecond',
    clock_timestamp() + p_state * interval '1 millisecond')
  on conflict (partition) do update set
    queues_until = greatest(w.queues_until, excluded.queues_until),
    state_until = greatest(w.state_until, excluded.state_until);
end $$;
`;
