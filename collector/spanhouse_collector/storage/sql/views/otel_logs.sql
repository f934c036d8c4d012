-- The log table of the collector-contrib clickhouseexporter.
SELECT
    time AS Timestamp,
    toDateTime(time, 'UTC') AS TimestampTime,
    trace_id AS TraceId,
    span_id AS SpanId,
    toUInt8(flags) AS TraceFlags,
    severity_text AS SeverityText,
    toUInt8(severity_number) AS SeverityNumber,
    service_name AS ServiceName,
    body AS Body,
    resource_schema_url AS ResourceSchemaUrl,
    resource_attributes AS ResourceAttributes,
    scope_schema_url AS ScopeSchemaUrl,
    scope_name AS ScopeName,
    scope_version AS ScopeVersion,
    scope_attributes AS ScopeAttributes,
    attributes AS LogAttributes,
    event_name AS EventName,
    project AS Project
FROM logs
