// libcurl. Its variadic functions are not imported into Swift, so each kind of argument has a function.
#include <curl/curl.h>

typedef size_t (*carekeep_curl_receiver)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode carekeep_curl_set_number(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode carekeep_curl_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}
static inline CURLcode carekeep_curl_set_pointer(CURL *handle, CURLoption option, const void *pointer) {
    return curl_easy_setopt(handle, option, pointer);
}
static inline CURLcode carekeep_curl_set_receiver(CURL *handle, CURLoption option, carekeep_curl_receiver receiver) {
    return curl_easy_setopt(handle, option, receiver);
}
// The bytes are copied.
static inline CURLcode carekeep_curl_set_bytes(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}
static inline long carekeep_curl_status(CURL *handle) {
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}
// A macro of casts, which is not imported.
static inline CURLcode carekeep_curl_begin(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
