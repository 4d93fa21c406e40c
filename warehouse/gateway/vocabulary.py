"""The words of SQL that a statement may use here: whatever is not named is refused.

Lists of what is allowed, so that what a new version of the engine brings is refused until
somebody has looked at it.
"""

READS = frozenset(
    {"SelectWithUnionQuery", "ExplainQuery", "ShowTablesQuery", "ShowColumnsQuery"}
    | {"ShowIndexesQuery", "DescribeQuery", "ExistsQuery", "ShowCreateQuery", "ShowFunctionsQuery"}
)
"""Types of statements that change nothing."""

WRITES = frozenset(
    {"InsertQuery", "CreateQuery", "AlterQuery", "DropQuery", "OptimizeQuery", "RenameQuery"}
    | {"DeleteQuery", "UpdateQuery", "KillQueryQuery", "CheckTableQuery", "UseQuery", "SetQuery"}
)
"""Types of statements for the writer alone."""

EXPLAINS = frozenset(
    {"EXPLAIN", "EXPLAIN AST", "EXPLAIN SYNTAX", "EXPLAIN QUERY TREE", "EXPLAIN PIPELINE"}
    | {"EXPLAIN ESTIMATE"}
)

SHOWS = frozenset(
    {"type", "databases", "full", "settings", "changed", "from", "like", "not_like"}
    | {"case_insensitive_like", "where_expression", "limit_length", "format_ast", "settings_ast"}
    | {"is_outfile_append", "is_outfile_truncate", "is_into_outfile_with_stdout"}
)
"""What a SHOW TABLES, DATABASES or SETTINGS may say; clusters, caches and merges are not."""

READ_NODES = READS | frozenset(
    {"SelectQuery", "ExpressionList", "Subquery", "Literal", "Identifier", "TableIdentifier"}
    | {"Function", "QueryParameter", "Asterisk", "QualifiedAsterisk", "TablesInSelectQuery"}
    | {"TablesInSelectQueryElement", "TableExpression", "TableJoin", "ArrayJoin", "SampleRatio"}
    | {"OrderByElement", "InterpolateElement", "WindowDefinition", "WindowListElement"}
    | {"WithElement", "SetQuery", "DataType", "NameTypePair"}
    | {"ColumnsTransformerList", "ColumnsApplyTransformer", "ColumnsExceptTransformer"}
    | {"ColumnsReplaceTransformer", "ColumnsReplaceTransformerReplacement"}
    | {"ColumnsRegexpMatcher", "ColumnsListMatcher", "QualifiedColumnsRegexpMatcher"}
    | {"QualifiedColumnsListMatcher", "ColumnTypeArgument", "ObjectTypeArgument"}
    | {"EnumDataType", "TupleDataType"}
)
"""Nodes of the syntax tree that a read may have."""

SOURCES = frozenset(
    {"numbers", "numbers_mt", "zeros", "zeros_mt", "null", "values", "format", "view", "input"}
    | {"generaterandom", "generateseries", "generate_series", "primes", "sqlstandardvalues"}
)
"""Table functions that make rows out of nothing but their arguments."""

FUNCTION_CATEGORIES = frozenset(
    {"Arithmetic", "Arrays", "Bit", "Bitmap", "Comparison", "Conditional", "Dates and Times"}
    | {"Distance", "Encoding", "Encryption", "Financial", "Geo", "Geo Polygon", "Hash"}
    | {"IP Address", "JSON", "Logical", "Map", "Mathematical", "Null", "NumericIndexedVector"}
    | {"QBit", "Random Number", "Rounding", "String", "String Replacement", "String Search"}
    | {"String Splitting", "Time Series", "Time Window", "Tuple", "Type Conversion", "URL", "UUID"}
)
"""The engine's categories of functions that compute with their arguments alone."""

FUNCTIONS = frozenset(
    {"_CAST", "bar", "blockNumber", "blockSerializedSize", "blockSize", "byteSize"}
    | {"caseWithExpression", "connectionId", "countDigits"}
    | {"currentDatabase", "currentQueryID", "currentRoles", "currentSchemas", "currentUser"}
    | {"defaultValueOfArgumentType", "defaultValueOfTypeName", "digits", "displayName"}
    | {"dumpColumnStructure", "errorCodeToName", "finalizeAggregation", "formatQuery"}
    | {"formatQueryFromJSON", "formatQueryOrNull", "formatQuerySingleLine"}
    | {"formatQuerySingleLineOrNull", "formatReadableDecimalSize", "formatReadableQuantity"}
    | {"formatReadableSize", "formatReadableTimeDelta", "getSetting", "getSettingOrDefault"}
    | {"getSizeOfEnumType", "getSubcolumn", "getTypeSerializationStreams", "globalVariable"}
    | {"hasColumnInTable", "highlightQuery", "hostName", "identity", "ignore", "indexHint"}
    | {"initialQueryID", "initialQueryStartTime", "initializeAggregation", "isConstant"}
    | {"isDecimalOverflow", "lowCardinalityIndices", "lowCardinalityKeys", "materialize"}
    | {"minSampleSizeContinuous", "minSampleSizeConversion", "neighbor", "nested"}
    | {"normalizeQuery", "normalizeQueryKeepNames", "normalizedQueryHash"}
    | {"normalizedQueryHashKeepNames", "parseISO8601Duration", "parseQueryToJSON"}
    | {"parseReadableSize", "parseReadableSizeOrNull", "parseReadableSizeOrZero"}
    | {"parseTimeDelta", "queryID", "revision", "rowNumberInAllBlocks", "rowNumberInBlock"}
    | {"runningAccumulate", "runningDifference", "runningDifferenceStartingWithFirstValue"}
    | {"sleep", "sleepEachRow", "throwIf", "toColumnTypeName", "toTypeName", "tokenizeQuery"}
    | {"MACNumToString", "MACStringToNum", "MACStringToOUI", "flipCoordinates"}
    | {"transform", "uptime", "variantElement", "variantType", "version", "visibleWidth"}
)
"""Functions of other categories that reach neither a file nor a host."""

COSTLY_CATEGORIES = frozenset(
    {"Distance", "Financial", "Geo", "Geo Polygon", "NumericIndexedVector", "QBit", "Time Series"}
)
"""Categories of which some work on, and take memory, whatever limits say: the engine looks at its
clock and counts bytes between blocks, and these can spend minutes and gigabytes within one."""

COSTLY_FUNCTIONS = frozenset(
    {"editDistance", "editDistanceUTF8", "damerauLevenshteinDistance", "jaroSimilarity"}
    | {"jaroWinklerSimilarity", "stringJaccardIndex", "stringJaccardIndexUTF8", "arraySimilarity"}
    | {"arrayLevenshteinDistance", "arrayLevenshteinDistanceWeighted", "arrayAutocorrelation"}
    | {"hasSubsequence", "hasSubsequenceCaseInsensitive", "hasSubsequenceUTF8", "sparseGrams"}
    | {"hasSubsequenceCaseInsensitiveUTF8", "sparseGramsHashes", "sparseGramsHashesUTF8"}
    | {"sparseGramsUTF8", "multiFuzzyMatchAllIndices", "multiFuzzyMatchAny", "highlight"}
    | {"multiFuzzyMatchAnyIndex", "extractTextFromHTML", "naiveBayesNgrams", "runningAccumulate"}
    | {"initializeAggregation", "finalizeAggregation", "formatQuery", "formatQueryFromJSON"}
    | {"formatQueryOrNull", "formatQuerySingleLine", "formatQuerySingleLineOrNull"}
    | {"highlightQuery", "normalizeQuery", "normalizeQueryKeepNames", "normalizedQueryHash"}
    | {"normalizedQueryHashKeepNames", "parseQueryToJSON", "tokenizeQuery", "arrayReduce"}
    | {"arrayReduceInRanges"}
)
"""Others like that, those that parse SQL, that take an aggregate's state as it comes, or an
aggregate function by a text."""

COSTLY_AGGREGATES = ("kolmogorovsmirnovtest",)
"""Beginnings of aggregate functions, whatever combinator follows, that end in work of their own,
which grows by the square of the rows."""

PATTERN_FUNCTIONS = frozenset(
    {"like", "ilike", "notlike", "notilike", "match", "notmatch", "matchcaseinsensitive"}
    | {"notmatchcaseinsensitive", "multimatchany", "multimatchanyindex", "multimatchallindices"}
    | {"extract", "extractall", "extractgroups", "extractallgroups", "extractallgroupsvertical"}
    | {"extractallgroupshorizontal", "countmatches", "countmatchescaseinsensitive", "regexp"}
    | {"replaceregexpone", "replaceregexpall", "regexp_replace", "regexpextract", "rlike"}
    | {"regexp_extract", "regexpposition", "regexp_instr", "regexp_position", "regexp_matches"}
)
"""Functions of a text and a pattern, in lower case."""

LONGEST_PATTERN = 1_000
"""Characters: a text is searched in steps that grow with its pattern."""

SYSTEM_TABLES = frozenset(
    {"one", "numbers", "databases", "tables", "columns", "functions", "table_functions", "formats"}
    | {"settings", "data_type_families", "time_zones", "keywords", "completions"}
    | {"aggregate_function_combinators", "collations", "table_engines"}
)
"""Tables of ``system`` that a reader may see."""

READER_SETTINGS = frozenset(
    {"max_execution_time", "max_memory_usage", "max_threads", "max_block_size"}
    | {"max_result_rows", "max_result_bytes", "result_overflow_mode", "limit", "offset"}
    | {"max_rows_to_read", "max_bytes_to_read", "read_overflow_mode", "extremes", "final"}
    | {"max_rows_to_group_by", "group_by_overflow_mode", "max_rows_to_sort", "max_rows_in_join"}
    | {"apply_mutations_on_fly", "join_use_nulls", "join_algorithm", "group_by_use_nulls"}
    | {"union_default_mode", "intersect_default_mode", "except_default_mode", "session_timezone"}
    | {"date_time_input_format", "date_time_output_format", "prefer_column_name_to_alias"}
    | {"enable_extended_results_for_datetime_functions", "aggregate_functions_null_for_empty"}
    | {"cast_keep_nullable", "transform_null_in", "data_type_default_nullable", "enable_analyzer"}
    | {"allow_experimental_analyzer", "optimize_read_in_order", "optimize_aggregation_in_order"}
    | {"do_not_merge_across_partitions_select_final", "describe_compact_output"}
    | {"cancel_http_readonly_queries_on_client_close", "max_query_size", "format_csv_delimiter"}
    | {"bool_true_representation", "bool_false_representation", "add_http_cors_header"}
    | {"allow_suspicious_low_cardinality_types", "enable_json_type", "enable_variant_type"}
    | {"enable_dynamic_type", "allow_experimental_json_type", "allow_experimental_variant_type"}
    | {"allow_experimental_dynamic_type", "type_json_skip_duplicated_paths"}
    | {"cast_string_to_dynamic_use_inference", "short_circuit_function_evaluation"}
    | {"validate_polygons", "timeout_overflow_mode"}
)
"""Settings that change how an answer looks, or ask for less than a reader may have."""

READER_SETTING_PREFIX = "output_format_"
WRITER_RESERVED = frozenset(
    {"log_comment", "readonly", "input_format_values_interpret_expressions"}
    | {"input_format_values_deduce_templates_of_expressions", "profile", "workload", "allow_ddl"}
    | {"allow_experimental_eval_table_function", "enable_json_ast_dialect"}
)
"""Settings by which the gateway itself steers a statement."""
