//! Names that the language has and this evaluator does not: they are told apart from slips of the pen.

/// Functions, aggregates and plugins that are known, whether or not they can be run here.
const FUNCTIONS: &str = "\
cluster database table external_table materialized_view entity_group stored_query_result graph workspace app resource adx arg \
array_iff assert bin_auto series_stats series_fft series_ifft series_fit_poly series_fit_line series_fit_2lines \
series_fit_2lines_dynamic series_periods_detect series_periods_validate series_decompose series_decompose_forecast \
series_decompose_anomalies beta_cdf beta_inv beta_pdf current_cluster_endpoint current_database current_principal extentid \
cursor_after cursor_before_or_at cursor_current current_cursor zlib_decompress_from_base64_string \
zlib_compress_to_base64_string gzip_decompress_from_base64_string gzip_compress_to_base64_string base64_decode_toguid \
base64_encode_fromguid parse_xml punycode_to_string punycode_from_string hash hash_xxhash64 hash_md5 hash_sha1 hash_combine \
hash_many percentrank_tdigest rank_tdigest hll_isvalid series_pow series_exp series_sign series_abs series_sin series_cos \
series_log series_floor series_ceiling series_seasonal series_pearson_correlation series_dot_product series_magnitude \
series_product series_cosine_similarity series_fir series_outliers series_iir series_fill_linear welch_test geo_from_wkt \
geo_angle geo_azimuth geo_point_in_circle geo_point_in_polygon geo_point_to_geohash geo_geohash_to_central_point \
geo_point_to_s2cell geo_point_to_h3cell current_principal_details current_principal_is_member_of extent_tags current_node_id \
rowstore_ordinal_range gamma loggamma erf erfc datetime_list_timezones around iscolumnexists hll hll_if hll_merge tdigest \
tdigest_merge merge_tdigest dcount_hll percentile_tdigest percentilew percentilesw percentilesw_array stdevif variancepif \
covarianceif covariancep covariancepif buildschema column_names_of bag_pack_columns";

/// The language has a function of this name.
pub fn is_function(name: &str) -> bool {
    FUNCTIONS.split(' ').any(|known| known == name)
}
