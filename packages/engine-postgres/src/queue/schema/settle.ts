import { handleParameters } from './handles.ts';
import { putArguments, putMax, putParameters } from './put.ts';

const stateParameters =
  'p_state_of integer[], p_state_key text[], p_values bytea, p_value_at integer[], p_value_length integer[], p_version bigint[], p_expires bigint[]';

/** Some of what settlements put: all may be more than one call takes. */
const putSlice = `v_from : v_from + ${putMax - 1}`;

/**
 * Settlements of every kind, one after the other, each whole or not at all. What they put comes last, together.
 *
 * Results are 0 where a settlement was applied, 1 where its lease is lost, 2 where a record has another version.
 *
 * @param s the schema as a quoted identifier
 */
export const queueSettle = (s: string): string => `
create or replace function ${s}.queue_settle(
  ${handleParameters}, p_action smallint[], p_delay bigint[], p_to text[], p_over text[],
  p_put_of integer[], ${putParameters}, ${stateParameters}
) returns smallint[]
language plpgsql set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off set plan_cache_mode = force_generic_plan as $$
declare v_results smallint[] := '{}'; v_result smallint; v_message ${s}.queue_message; v_turn bigint;
  v_queues text[]; v_keys text[]; v_of text[]; v_seqs bigint[]; v_firsts boolean[];
begin
  perform ${s}.queue_unpack_leases(p_token);
  -- Messages and keys in the order of all, then records. What is put may have other keys.
  select array_agg(h.queue), array_agg(h.seq), array_agg(h.key is null), array_agg(h.queue) filter (where h.key is not null)
      || array_agg(h.moves_to) filter (where h.key is not null and h.moves_to is not null),
    array_agg(h.key) filter (where h.key is not null) || array_agg(h.key) filter (where h.key is not null and h.moves_to is not null)
    into v_of, v_seqs, v_firsts, v_queues, v_keys from (
    select p_queue[h.n] as queue, h.seq, h.key, p_to[h.n] as moves_to
      from ${s}.queue_held(p_queue, p_seq, p_id, p_token) h
      order by h.seq is distinct from p_seq[h.n], p_queue[h.n] collate "C", p_seq[h.n], p_id[h.n] collate "C") h;
  perform 1 from unnest(v_of, v_seqs, v_firsts) o(queue, seq, is_first)
    join ${s}.queue_message m on m.queue = o.queue and m.seq = o.seq where o.is_first for update of m;
  perform ${s}.queue_lock_keys(v_queues || p_put_queue, v_keys || p_put_key);
  perform 1 from unnest(v_of, v_seqs, v_firsts) o(queue, seq, is_first)
    join ${s}.queue_message m on m.queue = o.queue and m.seq = o.seq where not o.is_first for update of m;
  perform 1 from ${s}.queue_state r where r.key = any(p_state_key) order by r.key for update;
  for i in 1 .. cardinality(p_queue) loop
    select * into v_message from ${s}.queue_message m
      where m.queue = p_queue[i] and m.seq = p_seq[i] and m.token = p_token[i] and p_token[i] > 0;
    if not found then
      select * into v_message from ${s}.queue_message m
        where m.queue = p_queue[i] and m.id = p_id[i] and m.token = p_token[i] and p_token[i] > 0;
    end if;
    v_result := case when found then 0 else 1 end;
    if v_result = 0 and i = any(p_state_of) then
      begin
        perform ${s}.queue_must_write(p_state_key[w],
            case when p_value_at[w] is null then null else substring(p_values from p_value_at[w] + 1 for p_value_length[w]) end,
            p_version[w], p_expires[w])
          from generate_subscripts(p_state_of, 1) w where p_state_of[w] = i;
      exception when sqlstate 'QU010' then v_result := 2;
      end;
    end if;
    if v_result = 0 then
      case p_action[i]
        when 0 then delete from ${s}.queue_message m where m.queue = v_message.queue and m.seq = v_message.seq;
        when 1, 2 then
          v_turn := nextval('${s.replaceAll("'", "''")}.queue_number');
          update ${s}.queue_message m set state = 0, token = v_turn, turn = v_turn, ready_at = ${s}.queue_now() + p_delay[i],
            attempts = greatest(0, m.attempts - case p_action[i] when 2 then 1 else 0 end),
            headers = ${s}.queue_headers(m.headers, p_over[i]) where m.queue = v_message.queue and m.seq = v_message.seq;
        else perform ${s}.queue_move(v_message, p_to[i], p_over[i]);
      end case;
    end if;
    v_results := v_results || v_result;
  end loop;
  for v_from in 1 .. coalesce(cardinality(p_put_of), 0) by ${putMax} loop
    perform ${s}.queue_put(${putArguments(putSlice)}, array(
      select n::integer from unnest(p_put_of[${putSlice}]) with ordinality p(i, n) where v_results[i] = 0), false);
  end loop;
  perform ${s}.queue_let_out(v_queues, v_keys);
  -- Who waits for a message hears of what is released, moved or let out.
  perform ${s}.queue_tell(array(
    select coalesce(p_to[i], p_queue[i]) from generate_subscripts(p_queue, 1) i where p_action[i] > 0 union select unnest(v_queues)));
  return v_results;
end $$;
`;
