/** How many locks all keys share: a transaction holds no more than this, whatever it touches. */
const slotCount = 1024;

/**
 * What is out of each key, and what is held behind it. How many are out is counted, never kept: nothing can drift.
 *
 * Whoever puts a message of a key in or takes one out holds the key's lock to the end of its transaction. A put that joins a
 * transaction of somebody else's does not: who knows how long that lasts. Its messages are held until somebody comes by.
 *
 * @param s the schema as a quoted identifier
 */
export const queueKeys = (s: string): string => `
create or replace function ${s}.queue_now() returns bigint language sql volatile as
$$ select floor(extract(epoch from clock_timestamp()) * 1000)::bigint $$;

-- In one order for all. Whoever holds them must see what others have committed meanwhile.
create or replace function ${s}.queue_lock_keys(p_queue text[], p_key text[]) returns void language plpgsql as $$
begin
  if p_key is not null and current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    raise exception 'Isolation must be "read committed" where keys are used: received "%"', current_setting('transaction_isolation')
      using errcode = 'QU011';
  end if;
  perform pg_advisory_xact_lock(hashtext('quorate queue ' || '${s.replaceAll("'", "''")}'), slot) from (
    select distinct hashtext(queue || chr(1) || key) & ${slotCount - 1} as slot from unnest(p_queue, p_key) u(queue, key)
    where key is not null order by 1) slots;
end $$;

-- Lets the next of each key out, as many as may be. Their locks are held.
create or replace function ${s}.queue_let_out(p_queue text[], p_key text[]) returns void language plpgsql as $$
declare v_queue text; v_key text; v_out bigint; v_seq bigint; v_max integer;
begin
  for v_queue, v_key in select distinct queue, key from unnest(p_queue, p_key) u(queue, key) where key is not null loop
    select count(*) into v_out from ${s}.queue_message m where m.queue = v_queue and m.key = v_key and m.state < 2;
    loop
      select m.seq, m.key_active_max into v_seq, v_max from ${s}.queue_message m
        where m.queue = v_queue and m.key = v_key and m.state = 2 order by m.seq limit 1;
      exit when not found or v_out >= v_max;
      update ${s}.queue_message m set state = 0 where m.queue = v_queue and m.seq = v_seq and m.state = 2;
      if found then v_out := v_out + 1; end if;
    end loop;
  end loop;
end $$;

-- Lets out what came in transactions of others, which are over now.
create or replace function ${s}.queue_link(p_queue text) returns boolean language plpgsql as $$
declare v_queues text[]; v_keys text[];
begin
  if not exists (select from ${s}.queue_arrival a where a.queue = p_queue) then return false; end if;
  with a as (
    delete from ${s}.queue_arrival where ctid = any(array(
      select a.ctid from ${s}.queue_arrival a where a.queue = p_queue limit 1000 for update skip locked))
    returning queue, key
  )
  select array_agg(a.queue), array_agg(a.key) into v_queues, v_keys from a;
  perform ${s}.queue_lock_keys(v_queues, v_keys);
  perform ${s}.queue_let_out(v_queues, v_keys);
  return v_keys is not null;
end $$;
`;
