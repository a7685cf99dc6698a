/* SPDX-License-Identifier: MIT
 *
 * nghttp2's callbacks and memory of http_session.h.
 *
 * Owns:     nothing beyond the sessions.
 * Callers:  http_part.c, and nghttp2 inside calls on the session's thread.
 * Promises: the server sends a request's body back as the response's, with its checksum.
 * Does not: reset streams: an error of a stream is a mismatch.
 */
#define _GNU_SOURCE
#include "http_session.h"

#include "check.h"
#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* nghttp2_mem: the user data is the session. */
static void *http_malloc(size_t size, void *context) {
    return memory_alloc(size, ((const struct http_session *)context)->category);
}

static void *http_calloc(size_t count, size_t size, void *context) {
    return memory_zeroed(count, size, ((const struct http_session *)context)->category);
}

static void *http_realloc(void *block, size_t size, void *context) {
    return memory_resize(block, size, ((const struct http_session *)context)->category);
}

static void http_free(void *block, void *context) {
    (void)context;
    memory_free(block);
}

static nghttp2_nv header(const char *name, const char *value) {
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static ssize_t read_body(nghttp2_session *handle, int32_t stream, uint8_t *bytes, size_t room,
                         uint32_t *flags, nghttp2_data_source *source, void *context) {
    (void)handle;
    (void)stream;
    (void)context;
    bool last = false;
    const size_t size = exchange_take(source->ptr, bytes, room, &last);
    if (last) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)size;
}

struct headers {
    char size[24];
    char sum[24];
};

static void describe(struct headers *headers, const struct exchange *exchange) {
    snprintf(headers->size, sizeof headers->size, "%zu", exchange->size);
    snprintf(headers->sum, sizeof headers->sum, "%016" PRIx64, exchange->sum);
}

static void submit_request(struct http_session *session, struct exchange *exchange) {
    char path[48];
    struct headers headers;
    describe(&headers, exchange);
    snprintf(path, sizeof path, "/players/%" PRIu64 "/state", random_next(&session->random) % 5000);
    const nghttp2_nv fields[] = {header(":method", "POST"),
                                 header(":scheme", "http"),
                                 header(":authority", "game.invalid"),
                                 header(":path", path),
                                 header("content-length", headers.size),
                                 header("x-sum", headers.sum)};
    const nghttp2_data_provider body = {{.ptr = exchange}, read_body};
    if (nghttp2_submit_request(session->handle, NULL, fields, sizeof fields / sizeof fields[0],
                               &body, exchange) < 0) {
        mismatch("http-body", "a request cannot be submitted");
        exchange_end(exchange);
        return;
    }
    session->streams++;
}

static void submit_response(struct http_session *session, int32_t stream,
                            struct exchange *exchange) {
    struct headers headers;
    exchange->sum = checksum(exchange->body, exchange->size);
    describe(&headers, exchange);
    const nghttp2_nv fields[] = {header(":status", "200"), header("content-length", headers.size),
                                 header("x-sum", headers.sum)};
    const nghttp2_data_provider body = {{.ptr = exchange}, read_body};
    if (nghttp2_submit_response(session->handle, stream, fields, sizeof fields / sizeof fields[0],
                                &body) != 0) {
        mismatch("http-body", "a response cannot be submitted");
    }
}

static int on_begin_headers(nghttp2_session *handle, const nghttp2_frame *frame, void *context) {
    struct http_session *session = context;
    if (session->server && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        struct exchange *exchange = exchange_begin(&session->open);
        nghttp2_session_set_stream_user_data(handle, frame->hd.stream_id, exchange);
    }
    return 0;
}

/* The size comes before any of the body, so the body is allocated once. */
static int on_header(nghttp2_session *handle, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_size, const uint8_t *value, size_t value_size, uint8_t flags,
                     void *context) {
    (void)value_size;
    (void)flags;
    (void)context;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(handle, frame->hd.stream_id);
    if (exchange == NULL) {
        return 0;
    }
    if (name_size == 14 && memcmp(name, "content-length", 14) == 0) {
        exchange_expect(exchange, strtoul((const char *)value, NULL, 10));
    } else if (name_size == 5 && memcmp(name, "x-sum", 5) == 0) {
        exchange->sum = strtoull((const char *)value, NULL, 16);
    }
    return 0;
}

static int on_data(nghttp2_session *handle, uint8_t flags, int32_t stream, const uint8_t *bytes,
                   size_t size, void *context) {
    (void)flags;
    (void)context;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(handle, stream);
    if (exchange != NULL) {
        exchange_add(exchange, bytes, size);
    }
    return 0;
}

static int on_frame(nghttp2_session *handle, const nghttp2_frame *frame, void *context) {
    struct http_session *session = context;
    if (frame->hd.type != NGHTTP2_DATA || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        return 0;
    }
    struct exchange *exchange = nghttp2_session_get_stream_user_data(handle, frame->hd.stream_id);
    if (exchange != NULL) {
        exchange_arrived(exchange, session->server ? "request" : "response");
        if (session->server) {
            submit_response(session, frame->hd.stream_id, exchange);
        }
    }
    return 0;
}

static int on_close(nghttp2_session *handle, int32_t stream, uint32_t error, void *context) {
    struct http_session *session = context;
    struct exchange *exchange = nghttp2_session_get_stream_user_data(handle, stream);
    if (error != NGHTTP2_NO_ERROR) {
        mismatch("http-body", "stream %d ends with %s", stream, nghttp2_http2_strerror(error));
    }
    if (exchange != NULL) {
        exchange_end(exchange);
    }
    session->streams -= session->server ? 0 : 1;
    session->completed++;
    return 0;
}

void http_session_open(struct http_session *session, bool server, uint64_t seed) {
    session->server = server;
    session->category = server ? HTTP_SERVER : HTTP_CLIENT;
    session->streams = 0;
    session->completed = 0;
    session->random = seed | 1;
    exchange_list_init(&session->open);
    nghttp2_mem memory = {session, http_malloc, http_free, http_calloc, http_realloc};
    nghttp2_session_callbacks *callbacks = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) {
        fatal("nghttp2 cannot be initialized");
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    const int result =
        server ? nghttp2_session_server_new3(&session->handle, callbacks, session, NULL, &memory)
               : nghttp2_session_client_new3(&session->handle, callbacks, session, NULL, &memory);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, HTTP_STREAMS}};
    if (result != 0 ||
        nghttp2_submit_settings(session->handle, NGHTTP2_FLAG_NONE, settings, 1) != 0) {
        fatal("nghttp2 cannot open a session");
    }
}

/* Streams that are still open are not closed one by one, so their exchanges end here. */
void http_session_close(struct http_session *session) {
    nghttp2_session_del(session->handle);
    exchange_list_clear(&session->open);
}

void http_session_request(struct http_session *session) {
    while (session->streams < HTTP_STREAMS) {
        struct exchange *exchange = exchange_begin(&session->open);
        if (exchange == NULL) {
            return;
        }
        const uint32_t size = random_between(&session->random, 1, 31) == 1
                                  ? random_between(&session->random, 8000, 40000)
                                  : random_between(&session->random, 1, 2000);
        exchange_fill(exchange, size, random_next(&session->random));
        submit_request(session, exchange);
    }
}
