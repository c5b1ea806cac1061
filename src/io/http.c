#include "io/http.h"

#include "base/clock.h"
#include "base/library.h"
#include "base/mem.h"
#include "io/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 256,
    STREAMS = 48,          /* connections that hear events */
    HEAD_MOST = 32 * 1024, /* bytes of memory for a connection */
    TICK_MS = 200,
    EVENT_MOST = 8192,
    SILENCE = 15 /* seconds, after which a listener is shown that we are there */
};

#define IDLE_SECONDS    10u  /* that a connection may say nothing */
#define REQUEST_SECONDS 30.0 /* that a request may take, however slowly it comes in */

/* Tokens are longer than anybody can guess; these bounds are for the machine. */
#define STRANGERS_A_SECOND 20.0 /* requests that are not let in */
#define REQUESTS_A_SECOND  2000.0

struct bucket {
    double rate, level, at;
};

struct link {
    MHD_socket fd;
    double since; /* the last request ended, or it began */
    bool used, streams;
};

struct stream {
    struct pd_http *http;
    struct MHD_Connection *connection;
    struct link *link;
    bool watch, asleep;
    uint64_t told; /* events that it has seen */
    double at;     /* something was last written */
    struct pd_buffer text;
    size_t sent;
    struct stream *next;
};

struct pd_http {
    struct pd_http_options o;
    struct pd_http_gate gate;
    struct MHD_Daemon *daemon;
    struct pd_buffer certificate, key;
    pthread_t thread;
    pthread_mutex_t mutex;
    bool has_mutex, has_thread;
    atomic_bool stopping;
    atomic_ullong events;
    struct bucket strangers, requests;
    struct link links[CONNECTIONS];
    struct stream *streams; /* under way */
    int stream_count;
    char listen[64];
};

/* A request that is coming in. */
struct incoming {
    struct pd_buffer body;
    int code; /* to refuse it with; 0: none */
    bool watch, answered;
};

static bool draw(struct bucket *b)
{
    const double now = pd_seconds();
    b->level += (now - b->at) * b->rate;
    b->level = b->level < b->rate ? b->level : b->rate;
    b->at = now;
    if (b->level < 1)
        return false;
    b->level -= 1;
    return true;
}

/* --- connections --- */

static void on_connection(void *context, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct pd_http *h = context;
    struct link *l = *socket_context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (l)
            l->used = false;
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    for (int i = 0; info && i < CONNECTIONS; i++)
        if (!h->links[i].used) {
            h->links[i] = (struct link){.fd = info->connect_fd, .since = pd_seconds(), .used = true};
            *socket_context = &h->links[i];
            return;
        }
}

static struct link *link_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* One that trickles in would pass for busy. */
static void drop_slow(struct pd_http *h)
{
    const double now = pd_seconds();
    for (int i = 0; i < CONNECTIONS; i++)
        if (h->links[i].used && !h->links[i].streams && now - h->links[i].since > REQUEST_SECONDS)
            shutdown(h->links[i].fd, SHUT_RDWR);
}

/* --- answers --- */

static void add_headers(struct MHD_Response *r, const struct pd_http_reply *reply)
{
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "no-referrer"},
        {"Cache-Control", "no-store"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"}};
    char disposition[96];
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(r, headers[i][0], headers[i][1]);
    MHD_add_response_header(r, "Content-Type", reply->type ? reply->type : "application/json");
    if (!reply->file[0])
        return;
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", reply->file);
    MHD_add_response_header(r, "Content-Disposition", disposition);
}

/* Takes over the reply's body. */
static enum MHD_Result send_reply(struct MHD_Connection *c, struct pd_http_reply *reply)
{
    struct pd_buffer *b = &reply->body;
    if (b->oom) {
        pd_buffer_release(b);
        reply->code = 500;
    }
    struct MHD_Response *r =
        MHD_create_response_from_buffer(b->size, b->data ? b->data : (char[]){""}, MHD_RESPMEM_MUST_COPY);
    pd_buffer_release(b);
    if (!r)
        return MHD_NO;
    add_headers(r, reply);
    const enum MHD_Result done = MHD_queue_response(c, reply->code ? (unsigned)reply->code : 200, r);
    MHD_destroy_response(r);
    return done;
}

static const char *refusal_words(int code)
{
    static const struct {
        int code;
        const char *words;
    } all[] = {
        {400, "not a request that this server knows"},
        {401, "the address lacks its token, or this server was started anew since: take the address "
              "that paydirt printed"},
        {403, "not allowed: a request of another page, or a change with the address that may only look"},
        {413, "too large"},
        {421, "this server is not known by that name: take the address that paydirt printed"},
        {429, "too many requests: wait a second"},
        {503, "too many pages are open: close some"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i].code == code)
            return all[i].words;
    return "refused";
}

static enum MHD_Result refuse(struct MHD_Connection *c, int code)
{
    struct pd_http_reply reply = {.code = code, .type = "text/plain; charset=utf-8"};
    pd_buffer_printf(&reply.body, "%s\n", refusal_words(code));
    return send_reply(c, &reply);
}

/* --- events --- */

static void fill_event(struct stream *s)
{
    struct pd_buffer line = PD_BUFFER_INIT;
    const uint64_t now = s->http->events;
    pd_buffer_release(&s->text);
    s->sent = 0;
    if (s->told != now || !s->at) {
        pd_http_lock(s->http);
        s->http->o.event(s->http->o.context, s->watch, &line);
        pd_http_unlock(s->http);
        if (line.size && line.size < EVENT_MOST)
            pd_buffer_printf(&s->text, "data: %s\n\n", line.data);
    } else if (pd_seconds() - s->at > SILENCE)
        pd_buffer_printf(&s->text, ":\n\n");
    s->told = now;
    pd_buffer_release(&line);
}

static ssize_t read_events(void *context, uint64_t at, char *to, size_t most)
{
    struct stream *s = context;
    (void)at;
    if (s->http->stopping)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (s->sent == s->text.size)
        fill_event(s);
    if (s->sent == s->text.size) {
        s->asleep = true;
        MHD_suspend_connection(s->connection);
        return 0;
    }
    const size_t left = s->text.size - s->sent, n = left < most ? left : most;
    memcpy(to, s->text.data + s->sent, n);
    s->sent += n;
    s->at = pd_seconds();
    return (ssize_t)n;
}

static void end_stream(void *context)
{
    struct stream *s = context, **at = &s->http->streams;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    s->http->stream_count--;
    pd_buffer_release(&s->text);
    pd_free(s);
}

static enum MHD_Result begin_stream(struct pd_http *h, struct MHD_Connection *c, bool watch)
{
    static const struct pd_http_reply kind = {.type = "text/event-stream"};
    struct stream *s = h->stream_count < STREAMS && h->o.event ? pd_calloc(1, sizeof *s) : NULL;
    if (!s)
        return refuse(c, 503);
    *s = (struct stream){.http = h, .connection = c, .link = link_of(c), .watch = watch, .next = h->streams};
    h->streams = s;
    h->stream_count++;
    struct MHD_Response *r =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, EVENT_MOST, read_events, s, end_stream);
    if (!r) {
        end_stream(s);
        return MHD_NO;
    }
    if (s->link)
        s->link->streams = true;
    MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
    add_headers(r, &kind);
    const enum MHD_Result done = MHD_queue_response(c, 200, r);
    MHD_destroy_response(r);
    return done;
}

static void wake_streams(struct pd_http *h)
{
    const double now = pd_seconds();
    for (struct stream *s = h->streams; s; s = s->next)
        if (s->asleep && (h->stopping || s->told != h->events || now - s->at > SILENCE)) {
            s->asleep = false;
            MHD_resume_connection(s->connection);
        }
}

/* --- requests --- */

static const char *header(struct MHD_Connection *c, const char *name)
{
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

static const char *query(const void *context, const char *name)
{
    struct MHD_Connection *c = (struct MHD_Connection *)(uintptr_t)context;
    return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, name);
}

static const char *token_of(struct MHD_Connection *c)
{
    const char *given = header(c, "Authorization");
    return given && !strncmp(given, "Bearer ", 7) ? given + 7 : query(c, "token");
}

/* By its head alone. */
static int judge(struct pd_http *h, struct MHD_Connection *c, const char *method, bool *watch)
{
    const char *length = header(c, "Content-Length");
    const int code =
        pd_http_admit(&h->gate, method, header(c, "Host"), header(c, "Origin"), token_of(c), watch);
    if (code)
        return draw(&h->strangers) ? code : 429;
    if (!draw(&h->requests))
        return 429;
    if (length && (strlen(length) > 6 || atoi(length) > PD_HTTP_BODY_MOST))
        return 413;
    return strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0 ? 400 : 0;
}

static enum MHD_Result answer(struct pd_http *h, struct MHD_Connection *c, const char *path,
                              const char *method, const struct incoming *in)
{
    struct pd_http_reply reply = {.code = 0};
    const struct pd_http_request request = {.method = method,
                                            .path = path,
                                            .body = in->body.data ? in->body.data : "",
                                            .size = in->body.size,
                                            .token = in->watch ? h->gate.watch : h->gate.full,
                                            .watch = in->watch,
                                            .query = query,
                                            .context = c};
    pd_http_lock(h);
    h->o.handle(h->o.context, &request, &reply);
    pd_http_unlock(h);
    if (!reply.events)
        return send_reply(c, &reply);
    pd_buffer_release(&reply.body);
    return begin_stream(h, c, in->watch);
}

/* MHD calls with the head, then with pieces of the body, then to have it answered. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *c, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *size,
                                  void **state)
{
    struct pd_http *h = context;
    struct incoming *in = *state;
    (void)version;
    if (!in) {
        *state = in = pd_calloc(1, sizeof *in);
        if (!in)
            return MHD_NO;
        in->code = judge(h, c, method, &in->watch);
        return in->code ? refuse(c, in->code) : MHD_YES; /* a body is not waited for */
    }
    if (*size) {
        if (in->body.size + *size > PD_HTTP_BODY_MOST)
            return MHD_NO;
        pd_buffer_append(&in->body, bytes, *size);
        *size = 0;
        return in->body.oom ? MHD_NO : MHD_YES;
    }
    if (in->answered)
        return MHD_YES;
    in->answered = true;
    return answer(h, c, path, method, in);
}

static void on_completed(void *context, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct incoming *in = *state;
    struct link *l = link_of(c);
    (void)context, (void)why;
    if (l)
        l->since = pd_seconds();
    if (in)
        pd_buffer_release(&in->body);
    pd_free(in);
    *state = NULL;
}

/* --- life --- */

static void *serve(void *context)
{
    struct pd_http *h = context;
    double swept = pd_seconds();
    while (!h->stopping) {
        MHD_run_wait(h->daemon, TICK_MS);
        const double now = pd_seconds();
        if (now - swept >= TICK_MS / 1000.) {
            swept = now;
            drop_slow(h);
            pd_http_lock(h);
            if (h->o.tick)
                h->o.tick(h->o.context);
            pd_http_unlock(h);
        }
        wake_streams(h);
    }
    wake_streams(h);
    MHD_run_wait(h->daemon, 0);
    return NULL;
}

static enum pd_status make_token(char token[PD_HTTP_TOKEN], struct pd_error *err)
{
    unsigned char bytes[(PD_HTTP_TOKEN - 1) / 2];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        return pd_fail(err, PD_ERR_IO, -1, "cannot draw a token: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return PD_OK;
}

/* The address as a socket's; false: it is none. */
static bool read_address(const char *text, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return true;
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

static enum pd_status read_tls(struct pd_http *h, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    h->gate.tls = h->o.certificate;
    if (h->gate.tls && MHD_is_feature_supported(MHD_FEATURE_TLS) == MHD_NO)
        return pd_fail(err, PD_ERR_UNSUPPORTED, -1, "TLS: this libmicrohttpd was built without it");
    if (h->gate.tls)
        status = pd_file_read_most(h->o.certificate, 1 << 20, &h->certificate, err);
    return status || !h->gate.tls ? status : pd_file_read_most(h->o.key, 1 << 20, &h->key, err);
}

static enum pd_status open_port(struct pd_http *h, struct pd_error *err)
{
    struct sockaddr_storage address;
    if (!read_address(h->listen, h->o.port, &address))
        return pd_hint(err,
                       pd_fail(err, PD_ERR_USAGE, -1,
                               "listen '%.60s': expected an address of this machine, such as 127.0.0.1 or "
                               "0.0.0.0",
                               h->listen),
                       "listen");
    const unsigned flags = (unsigned)MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
                           (address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u) |
                           (h->gate.tls ? MHD_USE_TLS : 0u);
    const struct MHD_OptionItem tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, h->certificate.data},
                                         {MHD_OPTION_HTTPS_MEM_KEY, 0, h->key.data},
                                         {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    errno = 0;
    h->daemon = MHD_start_daemon(
        flags, (uint16_t)h->o.port, NULL, NULL, on_request, h, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&address, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MOST,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_ARRAY, h->gate.tls ? tls : none, MHD_OPTION_END);
    if (h->daemon)
        return PD_OK;
    const int code = errno;
    if (h->gate.tls && !code)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s, %s: no certificate and its key in PEM", h->o.certificate,
                       h->o.key);
    return pd_hint(
        err,
        pd_fail(err, PD_ERR_IO, -1, "cannot serve on %s, port %d: %s", h->listen, h->o.port, strerror(code)),
        "port");
}

static void name_us(struct pd_http *h)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
    h->gate.port = info ? info->port : h->o.port;
    h->gate.loopback = pd_http_is_loopback(h->listen);
    if (!h->gate.loopback && gethostname(h->gate.host, sizeof h->gate.host - 1))
        h->gate.host[0] = '\0';
}

static enum pd_status start(struct pd_http *h, struct pd_error *err)
{
    enum pd_status status = make_token(h->gate.full, err);
    if (!status)
        status = make_token(h->gate.watch, err);
    if (!status)
        status = read_tls(h, err);
    if (!status)
        status = open_port(h, err);
    if (status)
        return status;
    name_us(h);
    h->has_mutex = !pthread_mutex_init(&h->mutex, NULL);
    h->has_thread = h->has_mutex && !pthread_create(&h->thread, NULL, serve, h);
    return h->has_thread ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the server's thread");
}

enum pd_status pd_http_start(const struct pd_http_options *o, struct pd_http **out, struct pd_error *err)
{
    struct pd_http *h = *out = pd_calloc(1, sizeof *h);
    if (!h)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for a server");
    h->o = *o;
    h->strangers = (struct bucket){STRANGERS_A_SECOND, STRANGERS_A_SECOND, pd_seconds()};
    h->requests = (struct bucket){REQUESTS_A_SECOND, REQUESTS_A_SECOND, pd_seconds()};
    snprintf(h->listen, sizeof h->listen, "%s", o->listen ? o->listen : "127.0.0.1");
    const enum pd_status status = start(h, err);
    if (status) {
        pd_http_stop(h);
        *out = NULL;
    }
    return status;
}

void pd_http_stop(struct pd_http *h)
{
    if (!h)
        return;
    h->stopping = true;
    if (h->has_thread)
        pthread_join(h->thread, NULL);
    if (h->daemon)
        MHD_stop_daemon(h->daemon);
    if (h->has_mutex)
        pthread_mutex_destroy(&h->mutex);
    pd_buffer_release(&h->certificate);
    pd_buffer_release(&h->key);
    pd_free(h);
}

const struct pd_http_gate *pd_http_gate(const struct pd_http *h)
{
    return &h->gate;
}

char *pd_http_address(const struct pd_http *h, bool watch, char text[PD_HTTP_ADDRESS])
{
    const bool all = !strcmp(h->listen, "0.0.0.0") || !strcmp(h->listen, "::");
    const bool v6 = strchr(h->listen, ':');
    const char *host = all && h->gate.host[0] ? h->gate.host : h->listen;
    snprintf(text, PD_HTTP_ADDRESS, "http%s://%s%.60s%s:%d/?token=%s", h->gate.tls ? "s" : "",
             v6 && host == h->listen ? "[" : "", host, v6 && host == h->listen ? "]" : "", h->gate.port,
             watch ? h->gate.watch : h->gate.full);
    return text;
}

void pd_http_lock(struct pd_http *h)
{
    pthread_mutex_lock(&h->mutex);
}

void pd_http_unlock(struct pd_http *h)
{
    pthread_mutex_unlock(&h->mutex);
}

void pd_http_tell(struct pd_http *h)
{
    h->events++;
}

const char *pd_library_microhttpd(char *text)
{
    (void)text;
    return MHD_get_version();
}
