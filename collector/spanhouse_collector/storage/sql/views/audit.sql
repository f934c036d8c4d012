-- One row for each request that changed keys, traces, prices or mappings: who, what, when, and how it ended. The entries are
-- log records that only the collector itself can write into this project; `status` is NULL while, or because, a request did not end.
SELECT
    min(time) AS time,
    any(logs.attributes['request_id']) AS request_id,
    anyIf(logs.attributes['action'], event_name = 'audit.request') AS action,
    anyIf(logs.attributes['key_id'], event_name = 'audit.request') AS key_id,
    anyIf(logs.attributes['key_name'], event_name = 'audit.request') AS key_name,
    anyIf(logs.attributes['project'], event_name = 'audit.request') AS project,
    anyIf(logs.attributes['client'], event_name = 'audit.request') AS client,
    anyIf(logs.attributes['method'], event_name = 'audit.request') AS method,
    anyIf(logs.attributes['path'], event_name = 'audit.request') AS path,
    anyIf(logs.attributes['query'], event_name = 'audit.request') AS query,
    anyIf(logs.body, event_name = 'audit.request') AS body,
    maxOrNullIf(toUInt16OrZero(logs.attributes['status']), event_name = 'audit.answer') AS status
FROM logs
WHERE logs.project = 'spanhouse.audit' AND scope_name = 'spanhouse.audit'
GROUP BY logs.attributes['request_id']
