/* Streams of random numbers that selection draws from (struct pd_rng): one for each purpose. Ids beside those
 * of data/streams.h. */
#ifndef PD_SELECT_STREAMS_H
#define PD_SELECT_STREAMS_H

enum pd_select_stream {
    PD_STREAM_SELECT_RANDOM = 0x7DA80000, /* scores of the strategy "random": index 4 * row */
    PD_STREAM_SELECT_TIES,                /* order of equal scores: index row */
    PD_STREAM_SELECT_SPREAD,              /* k-means++: index = which choice it is */
};

#endif
