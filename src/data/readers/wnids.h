/* The two lists of ImageNet's classes that TinyImageNet comes with: wnids.txt, which WordNet ids there are,
 * and words.txt, what they are called. */
#ifndef PD_DATA_READERS_WNIDS_H
#define PD_DATA_READERS_WNIDS_H

#include <paydirt/error.h>

#include <stddef.h>

enum { PD_WNID_SIZE = 10, PD_WNIDS_MAX = 1000 }; /* "n01443537" and its end */

struct pd_wnids {
    char at[PD_WNIDS_MAX][PD_WNID_SIZE];
    int count; /* >= 1 */
};

/* Lines of one id each: n and eight digits, so that an id can be no other path. name: for messages.
 * PD_ERR_FORMAT: anything else, an id twice, none or more than 1,000. */
enum pd_status pd_wnids_parse(const char *text, size_t size, const char *name, struct pd_wnids *out,
                              struct pd_error *err);

/* Lines "n01443537<TAB>goldfish, Carassius auratus": the first name of the id, cut to the room, into word;
 * the id itself where there is none. */
void pd_wnid_word(const char *text, size_t size, const char *wnid, char *word, size_t room);

#endif
