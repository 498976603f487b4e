// SPDX-License-Identifier: Apache-2.0
#include "storage/postgres/statements.h"

#include <fmt/format.h>

#include "storage/postgres/months.h"
#include "storage/postgres/segment.h"

namespace madang::postgres {
namespace {

// $ stands for the schema and its dot where a table is named. It is no character of our SQL else,
// but before the number of a parameter.
std::string in_schema(std::string_view sql, const std::string& schema) {
  std::string out;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    const bool table = sql[i] == '$' && i + 1 < sql.size() && sql[i + 1] == '.';
    out += table ? schema : std::string(1, sql[i]);
  }
  return out;
}

// The server's clock, in milliseconds.
constexpr std::string_view kClock = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

// The messages of room r in one direction, until one is met that begins beyond the bytes. The sum
// leaves out what C++ adds for each, so the page is cut again there.
std::string page(std::string_view beyond, std::string_view order) {
  return fmt::format(
      "SELECT r.top, r.first, m.* FROM $.rooms r LEFT JOIN LATERAL ("
      "SELECT p.pos, p.time, p.epoch, p.data, p.extra, p.key FROM ("
      "SELECT q.*, sum(octet_length(q.data)) OVER (ORDER BY q.pos {1} ROWS UNBOUNDED PRECEDING)"
      " - octet_length(q.data) AS before FROM ("
      "SELECT pos, time, epoch, data, extra, key FROM $.messages"
      " WHERE room = r.id AND {0} ORDER BY pos {1} LIMIT $3::bigint) q) p"
      " WHERE p.before < $4::bigint) m ON true WHERE r.name = $1::bytea ORDER BY m.pos {1}",
      beyond, order);
}

}  // namespace

Statements::Statements(const std::string& schema) : schema_(schema) {
  const auto sql = [&](std::string_view text) { return in_schema(text, schema); };

  begin = {"begin", "BEGIN"};
  begin_reading = {"begin_reading", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
  commit = {"commit", "COMMIT"};

  // A page is always found by an index; statistics that lag behind shall not say otherwise. Plans
  // are made once a connection. What is acknowledged is kept, whatever the server's default. A
  // machine of ours that is gone is noticed soon, so that its lock does not keep the next one out.
  configure = {"", R"(
    SELECT pg_is_in_recovery(), current_setting('fsync') = 'on',
      (SELECT system_identifier FROM pg_control_system())::text,
      CASE WHEN pg_is_in_recovery() THEN '' ELSE
        substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
      set_config('synchronous_commit', CASE current_setting('synchronous_commit')
        WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
      set_config('statement_timeout', $1::bigint::text, false),
      set_config('lock_timeout', $1::bigint::text, false),
      set_config('idle_in_transaction_session_timeout', $1::bigint::text, false),
      set_config('jit', 'off', false), set_config('enable_seqscan', 'off', false),
      set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
      set_config('plan_cache_mode', 'force_generic_plan', false),
      set_config('tcp_keepalives_idle', '5', false),
      set_config('tcp_keepalives_interval', '5', false),
      set_config('tcp_keepalives_count', '3', false))"};
  past = {"", sql(R"(
    SELECT concat_ws('-', (SELECT system_identifier FROM pg_control_system()),
      substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
      (SELECT oid FROM pg_database WHERE datname = current_database()),
      '$.meta'::regclass::oid, (SELECT id FROM $.meta)))")};
  own_session = {"", R"(
    SELECT pid::bigint, (extract(epoch FROM backend_start) * 1000000)::bigint
    FROM pg_stat_activity WHERE pid = pg_backend_pid())"};
  end_session = {"", R"(
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1::bigint
      AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2::bigint)"};
  limit_lock_wait = {"", "SELECT set_config('lock_timeout', $1::bigint::text, false)"};
  limit_transaction = {"limit_transaction",
                       "SELECT set_config('statement_timeout', $1::bigint::text, true)"};
  lock = {"", "SELECT pg_advisory_lock($1::bigint)"};

  existing = {"", sql("SELECT to_regnamespace('" + schema +
                      "') IS NOT NULL,"
                      " to_regclass('$.meta') IS NOT NULL")};
  create_schema = {"", "CREATE SCHEMA " + schema};
  create = {
      {"", sql("CREATE TABLE $.meta (version bigint NOT NULL, id text NOT NULL,"
               " term bigint NOT NULL, unclean bigint NOT NULL, running boolean NOT NULL,"
               " lease_until bigint NOT NULL DEFAULT 0, lease_owner bytea NOT NULL DEFAULT '')")},
      {"", sql(fmt::format("INSERT INTO $.meta VALUES ({}, gen_random_uuid(), 0, 0, false)",
                           kSchemaVersion))},
      {"", sql("CREATE TABLE $.rooms (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
               " name bytea NOT NULL UNIQUE, top bigint NOT NULL DEFAULT 0,"
               " first bigint NOT NULL DEFAULT 1, removed bigint NOT NULL DEFAULT 0,"
               " term bigint NOT NULL DEFAULT 0, lineage bytea NOT NULL DEFAULT '',"
               " epoch bytea NOT NULL DEFAULT '') WITH (fillfactor = 60)")},
      {"", sql("CREATE TABLE $.messages (room bigint NOT NULL, pos bigint NOT NULL,"
               " time bigint NOT NULL, epoch bytea NOT NULL, data bytea NOT NULL, extra bytea,"
               " key bytea, PRIMARY KEY (room, pos, time))"
               " PARTITION BY RANGE (time)")},
      {"", sql("CREATE INDEX messages_key ON $.messages (room, pos) WHERE key IS NOT NULL")},
      {"", sql("CREATE INDEX messages_time ON $.messages USING brin (time)")},
      {"", sql("CREATE TABLE $.messages_default PARTITION OF $.messages DEFAULT")},
  };
  // A part is kept as it is, and in its row as long as it is of the usual size.
  create_index = {
      {"", sql("CREATE TABLE $.segments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
               " level bigint NOT NULL, messages bigint NOT NULL, newest bigint NOT NULL,"
               " oldest bigint NOT NULL, term_bits bigint NOT NULL)")},
      {"", sql("CREATE TABLE $.words (segment bigint NOT NULL, part bigint NOT NULL,"
               " data bytea NOT NULL, PRIMARY KEY (segment, part))"
               " WITH (toast_tuple_target = 8160)")},
      {"", sql("ALTER TABLE $.words ALTER COLUMN data SET STORAGE EXTERNAL")},
      {"", sql("CREATE TABLE $.unindexed (room bigint PRIMARY KEY, top bigint NOT NULL)")},
  };
  months = {"",
            sql("SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                " WHERE i.inhparent = '$.messages'::regclass")};
  upgrade = {
      {"", sql("ALTER TABLE $.meta ADD COLUMN IF NOT EXISTS lease_until bigint NOT NULL DEFAULT 0,"
               " ADD COLUMN IF NOT EXISTS lease_owner bytea NOT NULL DEFAULT ''")},
      {"", sql("INSERT INTO $.unindexed SELECT id, top FROM $.rooms"
               " WHERE to_regclass('$.messages_words') IS NOT NULL")},
      {"", sql("DROP INDEX IF EXISTS $.messages_words, $.messages_room_time")},
      {"", sql("ALTER TABLE $.messages DROP COLUMN IF EXISTS words")},
      {"", sql(fmt::format("UPDATE $.meta SET version = {}", kSchemaVersion))},
  };
  // Through JSON, because the columns of the lease need not be there.
  term = {"", sql(fmt::format(
                  "SELECT term, version, greatest(0, coalesce((row->>'lease_until')::bigint, 0)"
                  " - {}), coalesce((row->>'lease_owner')::bytea, '')"
                  " FROM (SELECT m.term, m.version, to_jsonb(m) AS row FROM $.meta m) m",
                  kClock))};
  take_over = {"", sql(fmt::format(
                       "UPDATE $.meta SET unclean = CASE WHEN running THEN term ELSE unclean END,"
                       " term = term + 1, running = true, lease_owner = $2::bytea,"
                       " lease_until = CASE WHEN $1::bigint > 0 THEN {} + $1::bigint ELSE 0 END"
                       " RETURNING term, unclean",
                       kClock))};
  renew_lease = {"renew_lease", sql(fmt::format("UPDATE $.meta SET lease_until = {} + $2::bigint"
                                                " WHERE term = $1::bigint",
                                                kClock))};
  end_cleanly = {"", sql("UPDATE $.meta SET running = false, lease_until = 0"
                         " WHERE term = $1::bigint")};

  fence = {"fence", sql("SELECT term FROM $.meta FOR SHARE")};
  rooms_named = {"rooms_named",
                 sql("SELECT id, name, top, first, removed, term, lineage, epoch FROM $.rooms"
                     " WHERE name = ANY($1::bytea[])")};
  places = {"places", sql("SELECT m.room, m.pos, m.time, m.epoch, m.data, m.extra, m.key"
                          " FROM unnest($1::bigint[], $2::bigint[]) u (room, pos)"
                          " JOIN $.messages m ON m.room = u.room AND m.pos = u.pos")};
  create_rooms = {"create_rooms",
                  sql("INSERT INTO $.rooms (name) SELECT unnest($1::bytea[]) RETURNING id, name")};
  update_rooms = {
      "update_rooms",
      sql("UPDATE $.rooms r SET top = u.top, first = u.first, term = u.term, lineage = u.lineage,"
          " epoch = u.epoch FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],"
          " $5::bytea[], $6::bytea[]) u (id, top, first, term, lineage, epoch) WHERE r.id = u.id")};
  copy =
      sql("COPY $.messages (room, pos, time, epoch, data, extra, key) FROM STDIN"
          " (FORMAT binary)");

  load_room = {"load_room", sql("SELECT top, first, term, lineage, epoch FROM $.rooms"
                                " WHERE name = $1::bytea")};
  load_messages = {
      "load_messages",
      sql("SELECT p.pos, p.time, p.epoch, p.data, p.extra, p.key FROM ("
          "SELECT q.*, sum(octet_length(q.data)) OVER w - octet_length(q.data) AS before,"
          " bool_or(q.time < $4::bigint) OVER w AS old FROM ("
          "SELECT m.pos, m.time, m.epoch, m.data, m.extra, m.key FROM $.messages m"
          " WHERE m.room = (SELECT id FROM $.rooms WHERE name = $1::bytea)"
          " AND m.pos >= (SELECT first FROM $.rooms WHERE name = $1::bytea)"
          " ORDER BY m.pos DESC LIMIT $2::bigint) q"
          " WINDOW w AS (ORDER BY q.pos DESC ROWS UNBOUNDED PRECEDING)) p"
          " WHERE p.before < $3::bigint AND NOT p.old ORDER BY p.pos DESC")};
  load_keys = {"load_keys", sql("SELECT key, pos, time FROM $.messages"
                                " WHERE room = (SELECT id FROM $.rooms WHERE name = $1::bytea)"
                                " AND key IS NOT NULL AND time >= $3::bigint ORDER BY pos DESC"
                                " LIMIT $2::bigint")};
  page_up = {"page_up", sql(page("pos > greatest($2::bigint, r.first - 1)", "ASC"))};
  page_down = {"page_down", sql(page("pos < $2::bigint AND pos >= r.first", "DESC"))};
  replayed = {"replayed", "SELECT coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::bigint"};
  written = {"written", "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"};

  mark_removed = {"mark_removed",
                  sql("UPDATE $.rooms SET removed = greatest(removed, least($2::bigint, top))"
                      " WHERE name = $1::bytea RETURNING id")};
  refresh_first = {"refresh_first",
                   sql("UPDATE $.rooms r SET first = coalesce((SELECT m.pos FROM $.messages m"
                       " WHERE m.room = r.id AND m.pos > r.removed ORDER BY m.pos LIMIT 1),"
                       " r.top + 1) WHERE r.id = ANY($1::bigint[])")};
  delete_below = {"delete_below",
                  sql("DELETE FROM $.messages m USING (SELECT p.room, p.pos, p.time"
                      " FROM $.messages p WHERE p.room = (SELECT id FROM $.rooms"
                      " WHERE name = $1::bytea) AND p.pos <= (SELECT removed FROM $.rooms"
                      " WHERE name = $1::bytea) ORDER BY p.pos LIMIT $2::bigint) d"
                      " WHERE m.room = d.room AND m.pos = d.pos AND m.time = d.time")};
  list_rooms = {"list_rooms",
                sql("SELECT r.name, r.first, r.top, r.epoch, m.time FROM (SELECT * FROM $.rooms"
                    " WHERE name > $1::bytea ORDER BY name LIMIT $2::bigint) r LEFT JOIN LATERAL"
                    " (SELECT time FROM $.messages WHERE room = r.id AND pos >= r.first"
                    " ORDER BY pos LIMIT 1) m ON true ORDER BY r.name")};
  // A month is looked through for its oldest; their times are in a row, so an index of blocks does.
  delete_older = {"delete_older",
                  sql("DELETE FROM $.messages m USING (SELECT p.room, p.pos, p.time"
                      " FROM $.messages p WHERE p.time >= $1::bigint AND p.time <= $2::bigint"
                      " ORDER BY p.time, p.room, p.pos LIMIT $3::bigint) d"
                      " WHERE m.room = d.room AND m.pos = d.pos AND m.time = d.time"
                      " RETURNING m.room")};
  rooms_between = {"rooms_between", sql("SELECT DISTINCT room FROM $.messages"
                                        " WHERE time >= $1::bigint AND time <= $2::bigint")};

  add_segment = {
      "add_segment",
      sql("WITH s AS (INSERT INTO $.segments (level, messages, newest, oldest, term_bits)"
          " VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::bigint) RETURNING id)"
          " INSERT INTO $.words (segment, part, data) SELECT s.id, u.part, u.data"
          " FROM s, unnest($6::bigint[], $7::bytea[]) u (part, data)")};
  level_to_merge = {
      "level_to_merge",
      sql(fmt::format("SELECT level FROM $.segments WHERE level < {} GROUP BY level"
                      " HAVING count(*) >= {} OR sum(messages) >= {} ORDER BY level LIMIT 1",
                      kFullLevel, kMergedSegments, kMergedMessages))};
  const std::string merged = fmt::format(
      "SELECT id, messages, newest, oldest, term_bits FROM ("
      "SELECT *, sum(messages) OVER (ORDER BY id) - messages AS before"
      " FROM $.segments WHERE level = $1::bigint ORDER BY id LIMIT {}) s"
      " WHERE before < {} ORDER BY id",
      kMergedSegments, kMergedMessages);
  segments_to_merge = {"segments_to_merge", sql(merged)};
  parts_to_merge = {"parts_to_merge", sql(fmt::format("SELECT w.segment, w.part, w.data"
                                                      " FROM ({}) s JOIN $.words w"
                                                      " ON w.segment = s.id"
                                                      " ORDER BY w.segment, w.part",
                                                      merged))};
  const std::string_view forget =
      "WITH s AS (DELETE FROM $.segments WHERE {} RETURNING id)"
      " DELETE FROM $.words w USING s WHERE w.segment = s.id";
  forget_segments = {"forget_segments",
                     sql(fmt::format(fmt::runtime(forget), "id = ANY($1::bigint[])"))};
  forget_older = {"forget_older", sql(fmt::format(fmt::runtime(forget), "newest < $1::bigint"))};
  next_unindexed = {"next_unindexed",
                    sql("SELECT r.id, r.name, u.top FROM $.unindexed u"
                        " JOIN $.rooms r ON r.id = u.room ORDER BY u.room LIMIT 1")};
  note_indexed = {"note_indexed", sql("UPDATE $.unindexed SET top = $2::bigint"
                                      " WHERE room = $1::bigint")};
  note_all_indexed = {"note_all_indexed", sql("DELETE FROM $.unindexed WHERE room = $1::bigint")};
  segments = {"segments", sql("SELECT id, messages, newest, oldest, term_bits FROM $.segments"
                              " WHERE oldest <= $1::bigint")};
  segment_parts = {"segment_parts", sql("SELECT w.segment, w.part, w.data"
                                        " FROM unnest($1::bigint[], $2::bigint[]) u (segment, part)"
                                        " JOIN $.words w ON w.segment = u.segment"
                                        " AND w.part = u.part")};
  messages_at = {"messages_at",
                 sql("SELECT u.number, m.pos, m.time, m.epoch, m.data, m.extra, m.key"
                     " FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])"
                     " WITH ORDINALITY u (room, pos, time, number) JOIN $.messages m"
                     " ON m.room = u.room AND m.pos = u.pos AND m.time = u.time"
                     " ORDER BY u.number")};
}

Statement Statements::create_month(int month) const {
  return {"",
          in_schema(fmt::format("DO $do$ BEGIN CREATE TABLE IF NOT EXISTS $.messages_{}"
                                " PARTITION OF $.messages FOR VALUES FROM ({}) TO ({});"
                                " EXCEPTION WHEN check_violation THEN NULL; END $do$",
                                month_name(month), month_begin(month).time_since_epoch().count(),
                                month_begin(month + 1).time_since_epoch().count()),
                    schema_)};
}

Statement Statements::drop_month(int month) const {
  return {"", in_schema("DROP TABLE $.messages_" + month_name(month), schema_)};
}

Statement Statements::count_month(int month) const {
  return {"", in_schema(fmt::format("SELECT count(*) FROM (SELECT 1 FROM $.messages_{}"
                                    " LIMIT $1::bigint) m",
                                    month_name(month)),
                        schema_)};
}

}  // namespace madang::postgres
