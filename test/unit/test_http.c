/* The web server: who gets an answer, and what a request may cost. */
#include "needs.h"
#include "scratch.h"

#include "io/http.h"

#include <arpa/inet.h>
#include <sys/socket.h>

enum { TEXT = 1 << 16 };

/* --- a server that says what it was asked --- */

static struct pd_http *server;
static int handled;

static void handle(void *context, const struct pd_http_request *r, struct pd_http_reply *reply)
{
    const char *name = r->query(r->context, "name");
    (void)context;
    handled++;
    reply->events = !strcmp(r->path, "/events");
    if (!reply->events)
        pd_buffer_printf(&reply->body, "%s %s name=%s size=%zu watch=%d", r->method, r->path,
                         name ? name : "", r->size, r->watch);
}

static void event(void *context, bool watch, struct pd_buffer *line)
{
    (void)context, (void)watch;
    pd_buffer_printf(line, "tick %d", handled);
}

static int setup(void **state)
{
    const struct pd_http_options o = {.handle = handle, .event = event};
    struct pd_error err;
    return scratch_setup(state) || pd_http_start(&o, &server, &err);
}

static int teardown(void **state)
{
    pd_http_stop(server);
    return scratch_teardown(state);
}

/* --- a client --- */

static int connect_to(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)pd_http_gate(server)->port)};
    const struct timeval patience = {.tv_sec = 20};
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(s, (struct sockaddr *)&to, sizeof to), 0);
    return s;
}

static void send_text(int s, const char *text, size_t size)
{
    while (size) {
        const ssize_t n = send(s, text, size, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* it has seen enough */
        text += n;
        size -= (size_t)n;
    }
}

/* All that is answered until the server or we close; the status, or 0 where nothing is. */
static int answer(int s, char text[TEXT])
{
    size_t n = 0;
    shutdown(s, SHUT_WR);
    for (ssize_t got; n < TEXT - 1 && (got = recv(s, text + n, TEXT - 1 - n, 0)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    close(s);
    return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : 0;
}

/* head: lines after the request line, each with its CRLF. */
static int ask(const char *line, const char *head, const char *body, char text[TEXT])
{
    static char request[TEXT];
    const int s = connect_to();
    const int n = snprintf(request, sizeof request, "%s\r\n%sConnection: close\r\n\r\n%s", line, head, body);
    send_text(s, request, (size_t)n);
    return answer(s, text);
}

static const char *good_head(void)
{
    static char head[256];
    snprintf(head, sizeof head, "Host: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n",
             pd_http_gate(server)->port, pd_http_gate(server)->full);
    return head;
}

/* --- tests --- */

static void answers_who_has_the_token(void **state)
{
    char text[TEXT], line[256], address[PD_HTTP_ADDRESS];
    (void)state;
    assert_int_equal(ask("GET /a?name=b%20c HTTP/1.1", good_head(), "", text), 200);
    assert_non_null(strstr(text, "GET /a name=b c size=0 watch=0"));
    assert_non_null(strstr(text, "Content-Security-Policy: default-src 'none'"));
    assert_non_null(strstr(text, "Cache-Control: no-store"));
    assert_non_null(strstr(pd_http_address(server, false, address), pd_http_gate(server)->full));
    snprintf(line, sizeof line, "GET /a?token=%s HTTP/1.1", pd_http_gate(server)->watch);
    char head[64];
    snprintf(head, sizeof head, "Host: localhost:%d\r\n", pd_http_gate(server)->port);
    assert_int_equal(ask(line, head, "", text), 200);
    assert_non_null(strstr(text, "watch=1"));
}

/* What is refused is not handled. */
static void refuses(void **state)
{
    char head[512], text[TEXT];
    (void)state;
    const int port = pd_http_gate(server)->port, before = handled;
    const char *full = pd_http_gate(server)->full, *watch = pd_http_gate(server)->watch;
    const struct {
        const char *line, *host, *more, *token;
        int status;
    } cases[] = {
        {"GET / HTTP/1.1", "127.0.0.1", "", "", 401},
        {"GET / HTTP/1.1", "127.0.0.1", "", "0123456789abcdef0123456789abcdef", 401},
        {"GET / HTTP/1.1", "127.0.0.1", "", "0", 401},
        {"GET / HTTP/1.1", "evil.example", "", full, 421},
        {"GET / HTTP/1.1", "127.0.0.1.evil.example", "", full, 421},
        {"GET / HTTP/1.1", "10.0.0.1", "", full, 421},
        {"GET / HTTP/1.1", "[::2]", "", full, 421},
        {"GET / HTTP/1.1", "[", "", full, 421},
        {"GET / HTTP/1.1", "127.0.0.1", "Origin: http://evil.example\r\n", full, 403},
        {"GET / HTTP/1.1", "127.0.0.1", "Origin: null\r\n", full, 403},
        {"POST / HTTP/1.1", "127.0.0.1", "Content-Length: 0\r\n", watch, 403},
        {"POST / HTTP/1.1", "127.0.0.1", "Content-Length: 1073741824\r\n", full, 413},
        {"POST / HTTP/1.1", "127.0.0.1", "Content-Length: 65537\r\n", full, 413},
        {"DELETE / HTTP/1.1", "127.0.0.1", "", full, 400},
        {"OPTIONS * HTTP/1.1", "127.0.0.1", "", full, 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(head, sizeof head, "Host: %s:%d\r\nAuthorization: Bearer %s\r\n%s", cases[i].host, port,
                 cases[i].token, cases[i].more);
        const int status = ask(cases[i].line, head, "", text);
        if (status != cases[i].status)
            fail_msg("case %zu: %d, expected %d: %s", i, status, cases[i].status, text);
        assert_null(strstr(text, full));
    }
    snprintf(head, sizeof head, "Authorization: Bearer %s\r\n", full);
    assert_int_equal(ask("GET / HTTP/1.1", head, "", text), 400); /* no host */
    assert_int_equal(handled, before);
}

/* Clients leave out the port that the scheme has anyway. */
static void knows_the_usual_port(void **state)
{
    static const struct {
        bool tls;
        int port;
        const char *host, *origin;
        int status;
    } cases[] = {
        {false, 80, "127.0.0.1", "http://127.0.0.1", 0},
        {false, 80, "localhost", NULL, 0},
        {false, 80, "[::1]", "http://[::1]", 0},
        {false, 80, "127.0.0.1:80", NULL, 0},
        {true, 443, "127.0.0.1", "https://127.0.0.1", 0},
        {false, 443, "127.0.0.1", NULL, 421},
        {true, 80, "127.0.0.1", NULL, 421},
        {false, 8765, "127.0.0.1", NULL, 421},
        {false, 80, "evil.example", NULL, 421},
        {false, 80, "127.0.0.1:", NULL, 421},
        {false, 80, "[::1]x", NULL, 421},
        {false, 80, "127.0.0.1", "https://127.0.0.1", 403},
    };
    struct pd_http_gate gate = *pd_http_gate(server);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool watch;
        gate.tls = cases[i].tls;
        gate.port = cases[i].port;
        const int status = pd_http_admit(&gate, "GET", cases[i].host, cases[i].origin, gate.full, &watch);
        if (status != cases[i].status)
            fail_msg("case %zu: %d, expected %d", i, status, cases[i].status);
    }
}

static void lives_through_what_is_no_http(void **state)
{
    static const char *const requests[] = {"\r\n\r\n",
                                           "GET\r\n\r\n",
                                           "GET / HTTP/9.9\r\n\r\n",
                                           "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                           "GET / HTTP/1.1\r\nHost\r\n\r\n",
                                           "GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                                           "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                           "GET http://x:y@z/%00%ff%zz?%&%=%&token HTTP/1.1\r\n\r\n"};
    char text[TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        const int s = connect_to();
        const struct timeval patience = {.tv_usec =
                                             200000}; /* some are no whole request: it waits for more */
        setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        send_text(s, requests[i], strlen(requests[i]));
        assert_int_not_equal(answer(s, text), 200);
    }
    char *long_line = calloc(1, TEXT);
    memset(long_line, 'a', TEXT - 2);
    const int s = connect_to();
    send_text(s, "GET /", 5);
    send_text(s, long_line, TEXT - 2);
    send_text(s, " HTTP/1.1\r\n\r\n", 13);
    assert_int_not_equal(answer(s, text), 200);
    free(long_line);
    assert_int_equal(ask("GET / HTTP/1.1", good_head(), "", text), 200);
}

/* A body without a length ends where it is too long. */
static void ends_long_bodies(void **state)
{
    char head[512], text[TEXT], chunk[4096];
    (void)state;
    const int s = connect_to(), before = handled;
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n", good_head());
    send_text(s, head, strlen(head));
    memset(chunk, 'x', sizeof chunk);
    for (int i = 0; i < 64; i++) {
        send_text(s, "1000\r\n", 6);
        send_text(s, chunk, sizeof chunk);
        send_text(s, "\r\n", 2);
    }
    assert_int_equal(answer(s, text), 0);
    assert_int_equal(handled, before);
    assert_int_equal(ask("POST / HTTP/1.1", good_head(), "", text), 200);
}

static void tells_who_listens(void **state)
{
    char head[512], text[TEXT];
    size_t n = 0;
    (void)state;
    const int s = connect_to();
    snprintf(head, sizeof head, "GET /events HTTP/1.1\r\n%s\r\n", good_head());
    send_text(s, head, strlen(head));
    int events = 0;
    while (events < 2) {
        const ssize_t got = recv(s, text + n, TEXT - 1 - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
        text[n] = '\0';
        const int before = events;
        events = 0;
        for (const char *at = text; (at = strstr(at, "data: tick ")); at++)
            events++;
        if (before == 0 && events == 1)
            pd_http_tell(server);
    }
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    close(s);
}

/* More strangers in a second than anybody has, and those who may ask still do. */
static void bounds_strangers(void **state)
{
    char head[64], text[TEXT];
    int refused = 0;
    (void)state;
    snprintf(head, sizeof head, "Host: 127.0.0.1:%d\r\n", pd_http_gate(server)->port);
    for (int i = 0; i < 60; i++)
        refused += ask("GET /?token=x HTTP/1.1", head, "", text) == 429;
    assert_in_range(refused, 10, 59);
    assert_int_equal(ask("GET / HTTP/1.1", good_head(), "", text), 200);
}

static void refuses_places(void **state)
{
    struct pd_http *other;
    struct pd_error err;
    (void)state;
    const struct pd_http_options taken = {.port = pd_http_gate(server)->port, .handle = handle};
    assert_int_equal(pd_http_start(&taken, &other, &err), PD_ERR_IO);
    assert_non_null(strstr(err.message, "Address already in use"));
    assert_null(other);
    const struct pd_http_options nowhere = {.listen = "example.org", .handle = handle};
    assert_int_equal(pd_http_start(&nowhere, &other, &err), PD_ERR_USAGE);
    scratch_write(scratch_path("no.pem"), "no", 2);
    const struct pd_http_options bare = {
        .certificate = scratch_path("no.pem"), .key = scratch_path("no.pem"), .handle = handle};
    const enum pd_status status = pd_http_start(&bare, &other, &err);
    assert_true(status == PD_ERR_FORMAT || status == PD_ERR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_who_has_the_token), cmocka_unit_test(refuses),
        cmocka_unit_test(knows_the_usual_port),      cmocka_unit_test(lives_through_what_is_no_http),
        cmocka_unit_test(ends_long_bodies),          cmocka_unit_test(tells_who_listens),
        cmocka_unit_test(bounds_strangers),          cmocka_unit_test(refuses_places),
    };
    ALL_NEED(microhttpd, tests);
    return cmocka_run_group_tests(tests, setup, teardown);
}
