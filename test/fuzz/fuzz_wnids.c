/* Any bytes as TinyImageNet's wnids.txt and as its words.txt. */
#include "data/readers/wnids.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    static struct pd_wnids ids;
    char word[32];
    struct pd_error err = {.status = PD_OK};
    enum pd_status status = pd_wnids_parse(text, size, "fuzz", &ids, &err);
    if (status && (status != err.status || !err.message[0]))
        abort();
    for (int i = 0; !status && i < ids.count; i++)
        if (strlen(ids.at[i]) != PD_WNID_SIZE - 1 || strspn(ids.at[i] + 1, "0123456789") != PD_WNID_SIZE - 2)
            abort();
    pd_wnid_word(text, size, "n01443537", word, sizeof word);
    if (!word[0] || strlen(word) >= sizeof word)
        abort();
    return 0;
}
