/* Who may ask: by the names in a request, and its token. */
#include "io/http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In a time that does not tell how much of it was right. */
static bool is_token(const char *token, const char *expected)
{
    unsigned char differs = strlen(token) != PD_HTTP_TOKEN - 1;
    for (size_t i = 0; i < PD_HTTP_TOKEN - 1 && token[i]; i++)
        differs = (unsigned char)(differs | (token[i] ^ expected[i]));
    return !differs;
}

/* "127.0.0.1:8765" or "[::1]:8765": the name without brackets into name[size], and the port, which stays as
 * it is where none is named. */
static bool split_host(const char *host, char *name, size_t size, int *port)
{
    const char *end = *host == '[' ? strchr(host, ']') : host + strcspn(host, ":");
    const char *begin = host + (*host == '[');
    char *rest;
    if (!end || end == begin || (size_t)(end - begin) >= size)
        return false;
    snprintf(name, size, "%.*s", (int)(end - begin), begin);
    end += *host == '[';
    if (!*end)
        return true;
    if (*end != ':' || end[1] < '0' || end[1] > '9')
        return false;
    *port = (int)strtol(end + 1, &rest, 10);
    return !*rest;
}

bool pd_http_is_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool pd_http_is_address(const char *name)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* A page of somebody else can have its own name lead here, but no address and not the name "localhost". */
static bool is_us(const struct pd_http_gate *g, const char *host)
{
    char name[128];
    int port = g->tls ? 443 : 80;
    if (!split_host(host, name, sizeof name, &port) || port != g->port)
        return false;
    if (!strcasecmp(name, "localhost") || pd_http_is_loopback(name))
        return true;
    return !g->loopback && (pd_http_is_address(name) || (g->host[0] && !strcasecmp(name, g->host)));
}

static bool is_own_origin(const struct pd_http_gate *g, const char *host, const char *origin)
{
    const char *scheme = g->tls ? "https://" : "http://";
    const size_t n = strlen(scheme);
    return !strncmp(origin, scheme, n) && !strcasecmp(origin + n, host);
}

int pd_http_admit(const struct pd_http_gate *g, const char *method, const char *host, const char *origin,
                  const char *token, bool *watch)
{
    *watch = false;
    if (!host)
        return 400;
    if (!is_us(g, host))
        return 421;
    if (origin && !is_own_origin(g, host, origin))
        return 403;
    if (!token)
        return 401;
    *watch = g->watch[0] && is_token(token, g->watch);
    if (!*watch && !(g->full[0] && is_token(token, g->full)))
        return 401;
    return *watch && strcmp(method, "GET") != 0 ? 403 : 0;
}
