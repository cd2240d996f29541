// The components this engine has, and the names of those the language's other engines have and this one does not yet.
import { fileInput } from './inputs/file.ts'
import { dropOutput } from './outputs/drop.ts'
import { fileOutput } from './outputs/file.ts'
import { stdoutOutput } from './outputs/stdout.ts'
import { mappingProcessor } from './processors/mapping.ts'
import type { ComponentSpec, Input, Output, Processor } from './types.ts'

export interface Catalog<Made> {
  readonly kind: 'input' | 'processor' | 'output' | 'buffer'
  readonly components: Readonly<Record<string, ComponentSpec<Made>>>
  readonly unsupported: ReadonlySet<string>
}

function names(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

export const INPUTS: Catalog<Input> = {
  kind: 'input',
  components: { file: fileInput },
  unsupported: names(`
    amqp_0_9 amqp_1 aws_cloudwatch_logs aws_kinesis aws_s3 aws_sqs azure_blob_storage azure_cosmosdb
    azure_queue_storage azure_table_storage batched beanstalkd broker cassandra cockroachdb_changefeed csv
    discord dynamic file_tail gateway gcp_bigquery_select gcp_cloud_storage gcp_pubsub gcp_spanner_cdc generate git
    hdfs http_client http_server inproc kafka kafka_franz legacy_redpanda_migrator microsoft_sql_server_cdc mongodb
    mongodb_cdc mqtt mysql_cdc nanomsg nats nats_jetstream nats_kv nats_stream nsq ockam_kafka parquet postgres_cdc
    pulsar read_until redis_list redis_pubsub redis_scan redis_streams redpanda redpanda_common redpanda_migrator
    resource s3 schema_registry sequence sftp socket socket_server spicedb_watch splunk sql_raw sql_select stdin
    subprocess syslog_server timeplus twitter_search websocket zmq4 zmq4n
  `),
}

export const PROCESSORS: Catalog<Processor> = {
  kind: 'processor',
  // The older name of the same processor still stands in many configurations.
  components: { mapping: mappingProcessor, bloblang: mappingProcessor },
  unsupported: names(`
    a2a_message archive avro awk aws_bedrock_chat aws_bedrock_embeddings aws_dynamodb_partiql aws_lambda
    azure_cosmosdb benchmark bounds_check branch cache cached catch cohere_chat cohere_embeddings command compress
    couchbase crash cypher decompress dedupe for_each gcp_bigquery_select gcp_vertex_ai_chat google_drive_download
    grok group_by group_by_value http insert_part jira jmespath jq json_schema log metric mongodb msgpack mutation
    nats_kv nats_request_reply noop ollama_chat ollama_embeddings openai_chat_completion openai_embeddings parallel
    parquet_decode parquet_encode parse_log processors protobuf qdrant rate_limit redis redis_script resource retry
    schema_registry_decode schema_registry_encode select_parts sentry_capture sftp sleep slack_users split
    sql sql_insert sql_raw sql_select string_split subprocess switch sync_response text_chunker try unarchive wasm
    while workflow xml
  `),
}

export const OUTPUTS: Catalog<Output> = {
  kind: 'output',
  components: { stdout: stdoutOutput, file: fileOutput, drop: dropOutput },
  unsupported: names(`
    amqp_0_9 amqp_1 aws_dynamodb aws_kinesis aws_kinesis_firehose aws_s3 aws_sns aws_sqs azure_blob_storage
    azure_cosmosdb azure_data_lake_gen2 azure_queue_storage azure_table_storage beanstalkd broker cache cassandra
    couchbase cyborgdb cypher discord drop_on dynamic elasticsearch elasticsearch_v2 fallback gcp_bigquery
    gcp_cloud_storage gcp_pubsub hdfs http_client http_server inproc kafka kafka_franz mongodb mqtt nanomsg nats
    nats_jetstream nats_kv nats_stream nsq ockam_kafka opensearch pinecone processors pulsar pusher qdrant questdb
    redis_hash redis_list redis_pubsub redis_streams redpanda redpanda_common reject reject_errored resource retry
    schema_registry sftp slack_post slack_reaction snowflake_put snowflake_streaming socket splunk_hec sql sql_insert
    sql_raw subprocess switch sync_response timeplus websocket zmq4 zmq4n
  `),
}

/** Nothing is buffered: what was read is delivered before more is read. */
export const BUFFERS: Catalog<undefined> = {
  kind: 'buffer',
  components: {},
  unsupported: names('memory sqlite system_window'),
}
