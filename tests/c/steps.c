/* Carries out one order after the other and prints what comes: the number of the order, the kind of message, its JSON.
 * An order that begins with '!' is cancelled at once. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runspaced.h"

static int complain(const char *what, int32_t status)
{
    uint8_t text[1024];
    size_t length = runspaced_last_error(text, sizeof text);
    if (length > sizeof text)
        length = sizeof text;
    fprintf(stderr, "%s: status %" PRId32 ": %.*s\n", what, status, (int)length, (const char *)text);
    return 1;
}

int main(int count, char **arguments)
{
    uint64_t library;
    int32_t status = runspaced_open(NULL, 0, &library);
    if (status != RUNSPACED_OK)
        return complain("open", status);
    fprintf(stderr, "version %s\n", runspaced_version());
    for (int index = 1; index < count; index++) {
        const char *order = arguments[index];
        int cancelled = order[0] == '!';
        uint64_t call;
        order += cancelled;
        status = runspaced_call(library, (const uint8_t *)order, strlen(order), &call);
        if (status != RUNSPACED_OK)
            return complain("call", status);
        if (cancelled && (status = runspaced_cancel(call)) != RUNSPACED_OK)
            return complain("cancel", status);
        for (;;) {
            uint32_t kind;
            const uint8_t *data;
            size_t length;
            status = runspaced_next(call, &kind, &data, &length);
            if (status == RUNSPACED_ENDED || status == RUNSPACED_CANCELLED)
                break;
            if (status != RUNSPACED_OK)
                return complain("next", status);
            printf("%d %" PRIu32 " %.*s\n", index, kind, (int)length, (const char *)data);
        }
        printf("%d status %" PRId32 "\n", index, status);
        if ((status = runspaced_free(call)) != RUNSPACED_OK)
            return complain("free", status);
    }
    status = runspaced_close(library);
    return status == RUNSPACED_OK ? 0 : complain("close", status);
}
