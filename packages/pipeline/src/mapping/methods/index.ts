// All methods the engine has, and the names it knows but does not have yet.
import type { MethodSpec } from '../compile/spec.ts'
import { ARRAYS } from './arrays.ts'
import { COERCE } from './coerce.ts'
import { ENCODING } from './encoding.ts'
import { GENERAL } from './general.ts'
import { NUMBERS } from './numbers.ts'
import { OBJECTS } from './objects.ts'
import { REGEX } from './regex.ts'
import { SORTING } from './sorting.ts'
import { STRINGS } from './strings.ts'
import { TIMES } from './times.ts'

export const METHODS: ReadonlyMap<string, MethodSpec> = new Map(
  [GENERAL, COERCE, NUMBERS, STRINGS, REGEX, ENCODING, ARRAYS, SORTING, OBJECTS, TIMES].flatMap((group) =>
    Object.entries(group),
  ),
)

const KNOWN = `
  bloblang compare_argon2 compare_bcrypt compress concat decompress decrypt_aes encrypt_aes explode diff patch
  escape_html unescape_html filepath_join filepath_split find_all find_all_by format_msgpack format_timestamp_strftime
  format_xml format_yaml from from_all geoip_anonymous_ip geoip_asn geoip_city geoip_connection_type geoip_country
  geoip_domain geoip_enterprise geoip_isp inject_tracing infer_schema json_path json_schema key_values parse_csv
  parse_duration_iso8601 parse_form_url_encoded parse_jwt_es256 parse_jwt_es384 parse_jwt_es512 parse_jwt_hs256
  parse_jwt_hs384 parse_jwt_hs512 parse_jwt_rs256 parse_jwt_rs384 parse_jwt_rs512 parse_logfmt parse_msgpack
  parse_parquet parse_timestamp_strptime parse_url parse_xml parse_yaml sign_jwt_es256 sign_jwt_es384 sign_jwt_es512
  sign_jwt_hs256 sign_jwt_hs384 sign_jwt_hs512 sign_jwt_rs256 sign_jwt_rs384 sign_jwt_rs512 slug squash strip_html
  timestamp ts_add_iso8601 ts_strftime ts_strptime ts_sub_iso8601 uuid_v5 vector with jmespath format_protobuf
`

export const UNSUPPORTED_METHODS: ReadonlySet<string> = new Set(
  KNOWN.trim()
    .split(/\s+/)
    .filter((name) => !METHODS.has(name)),
)
