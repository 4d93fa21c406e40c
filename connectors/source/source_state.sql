-- What do publication, tables, slot and rights look like? One JSON object. Everybody may ask: these
-- are PostgreSQL's own catalogs, which hold no row of the shop's.
SELECT jsonb_build_object(
    'wal_level', current_setting('wal_level'),
    'timeline', CASE
        WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8)
    END,
    'statistics_since', (SELECT b.stats_reset::text FROM pg_stat_bgwriter AS b),
    'publication', (
        SELECT jsonb_build_object(
            'made', p.oid::text,
            'edition', md5(concat_ws(' ', p.oid, p.xmin, (
                SELECT string_agg(concat_ws(':', r.oid, r.xmin), ' ' ORDER BY r.oid)
                FROM pg_publication_rel AS r
                JOIN pg_class AS c ON c.oid = r.prrelid
                WHERE r.prpubid = p.oid AND c.relname = ANY ($4::text[])
            ))),
            'all_tables', p.puballtables,
            'via_root', p.pubviaroot,
            'insert', p.pubinsert,
            'update', p.pubupdate,
            'delete', p.pubdelete,
            'tables', coalesce((
                SELECT jsonb_object_agg(c.relname, jsonb_build_object(
                    'filter', r.prqual IS NOT NULL,
                    'columns', r.prattrs IS NOT NULL
                ))
                FROM pg_publication_rel AS r
                JOIN pg_class AS c ON c.oid = r.prrelid
                WHERE r.prpubid = p.oid AND c.relnamespace = 'public'::regnamespace
            ), '{}')
        )
        FROM pg_publication AS p
        WHERE p.pubname = $1
    ),
    'tables', coalesce((
        SELECT jsonb_object_agg(c.relname, jsonb_build_object(
            'identity', c.relreplident,
            'hides_rows', c.relrowsecurity AND NOT EXISTS (
                SELECT FROM pg_roles AS o
                WHERE o.rolname = $3 AND (o.rolbypassrls OR o.rolsuper)
            ),
            'partitioned', c.relkind = 'p',
            'file', c.oid::text || '/' || c.relfilenode::text,
            'guarded', EXISTS (
                SELECT FROM pg_trigger AS t
                WHERE t.tgrelid = c.oid AND t.tgname = 'no_truncate' AND t.tgenabled = 'A'
            ),
            'key', coalesce((
                SELECT jsonb_agg(a.attname ORDER BY a.attnum)
                FROM pg_index AS i
                JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
                WHERE i.indrelid = c.oid AND i.indisprimary
            ), '[]'),
            'columns', (
                SELECT jsonb_object_agg(a.attname, jsonb_build_object(
                    'type', y.typname,
                    'is_text', y.typcategory IN ('S', 'E'),
                    'generated', a.attgenerated != ''
                ))
                FROM pg_attribute AS a
                JOIN pg_type AS y ON y.oid = a.atttypid
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            ),
            'cdc_reads', EXISTS (
                SELECT FROM pg_roles AS o
                WHERE o.rolname = $3 AND has_table_privilege(o.oid, c.oid, 'SELECT')
            )
        ))
        FROM pg_class AS c
        WHERE
            c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            AND c.relname = ANY ($4::text[])
    ), '{}'),
    'slot', (
        SELECT jsonb_build_object(
            'plugin', s.plugin,
            'here', s.database = current_database(),
            'wal_status', s.wal_status,
            'active', s.active,
            'reader', a.usename,
            'application', a.application_name,
            'marked_at', (
                SELECT t.stats_reset::text
                FROM pg_stat_replication_slots AS t
                WHERE t.slot_name = s.slot_name
            )
        )
        FROM pg_replication_slots AS s
        LEFT JOIN pg_stat_activity AS a ON a.pid = s.active_pid
        WHERE s.slot_name = $2
    ),
    'cdc_replicates', coalesce((
        SELECT o.rolreplication OR o.rolsuper FROM pg_roles AS o WHERE o.rolname = $3
    ), false)
)
