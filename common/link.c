/* common/link.c - see link.h. */
#include "common/link.h"

void weft_link_open(weft_link *link, uint64_t session, int64_t now_ns)
{
    *link = (weft_link){.session = session, .heard_ns = now_ns, .spoke_ns = now_ns};
}

weft_link_head weft_link_send(weft_link *link, int64_t now_ns)
{
    link->spoke_ns = now_ns;
    return (weft_link_head){.session = link->session, .number = ++link->sent, .ack = link->received};
}

weft_link_head weft_link_beat(weft_link *link, int64_t now_ns)
{
    link->spoke_ns = now_ns;
    return (weft_link_head){.session = link->session, .number = link->sent, .ack = link->received};
}

weft_link_verdict weft_link_receive(weft_link *link, const weft_link_head *head, bool heartbeat,
                                    int64_t now_ns)
{
    if (head->session != link->session || link->session == 0) return WEFT_LINK_OTHER;
    if (head->ack > link->sent) return WEFT_LINK_GAP; /* it has what was never sent: not this conversation */
    link->heard_ns = now_ns;
    if (head->ack > link->acked) link->acked = head->ack;
    if (heartbeat) return head->number > link->received ? WEFT_LINK_GAP : WEFT_LINK_NEXT;
    if (head->number <= link->received) return WEFT_LINK_TWICE;
    if (head->number != link->received + 1) return WEFT_LINK_GAP;
    link->received++;
    return WEFT_LINK_NEXT;
}
