/* runspaced: operations on Microsoft Sentinel for programs in other languages.
 *
 *   uint64_t library, call;
 *   runspaced_open(NULL, 0, &library);                        // configuration as the command line has it
 *   runspaced_call(library, order, strlen(order), &call);      // {"operation": "Get-AnalyticsRules", "arguments": {...}}
 *   while (runspaced_next(call, &kind, &data, &length) == RUNSPACED_OK) { ... }
 *   runspaced_free(call);
 *   runspaced_close(library);
 *
 * A write is planned with "step": "plan"; its one value has a Digest, and Confirm where it cannot be undone. It is done with
 * "step": "apply", that "digest", and "confirm" with what Confirm says. Between the two lies the caller's consent.
 *
 * Libraries and calls are numbers. All functions may be called on any thread. Texts are UTF-8 with a length and no end mark.
 */
#ifndef RUNSPACED_H
#define RUNSPACED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What functions answer. */
#define RUNSPACED_OK 0
#define RUNSPACED_NULL 1           /* a pointer is null that must not be */
#define RUNSPACED_NOT_UTF8 2       /* a text is not UTF-8 */
#define RUNSPACED_NOT_UNDERSTOOD 3 /* a text is not the JSON that is wanted */
#define RUNSPACED_UNKNOWN 4        /* there is no such library or call, or no more */
#define RUNSPACED_CONFIGURATION 5  /* the configuration is wrong */
#define RUNSPACED_ENDED 6          /* the call has brought everything */
#define RUNSPACED_CANCELLED 7      /* the call was cancelled */
#define RUNSPACED_BUSY 8           /* another thread waits for the call's next message */
#define RUNSPACED_INTERNAL 9       /* a fault of the library */

/* Kinds of messages. After one of the last two comes RUNSPACED_ENDED. */
#define RUNSPACED_VALUE 1       /* a row, a plan, or what became of a change: a JSON object */
#define RUNSPACED_WARNING 2     /* a JSON string */
#define RUNSPACED_VERBOSE 3     /* a JSON string */
#define RUNSPACED_DEBUG 4       /* a JSON string */
#define RUNSPACED_INFORMATION 5 /* a JSON string */
#define RUNSPACED_PROGRESS 6    /* {"activity", "status", "completed"} */
#define RUNSPACED_ERROR 7       /* {"message", "id", "category", "target"?, "recommended_action"?, "details"?}; rows may follow */
#define RUNSPACED_FINISHED 8    /* null */
#define RUNSPACED_FAILED 9      /* as RUNSPACED_ERROR */

/* The version; a text with an end mark that lives as long as the program. */
const char *runspaced_version(void);

/* Opens operations with the configuration of the command line: files, .env, environment. Nothing is asked of Azure yet.
 * settings: null, or {"config": a further file, "folder": where the project's file is looked for, "environment": {name: value}};
 * what is not given is the process's. */
int32_t runspaced_open(const uint8_t *settings, size_t length, uint64_t *library);

/* Closes a library. Its calls are cancelled; a write that has begun is ended and written down. */
int32_t runspaced_close(uint64_t library);

/* Begins a step of an operation.
 * order: {"operation": name, "step": "read" | "plan" | "apply", "arguments": {name: value}, "digest"?, "confirm"?} */
int32_t runspaced_call(uint64_t library, const uint8_t *order, size_t length, uint64_t *call);

/* Waits for the next message of a call. Its bytes stay until the next one is taken or the call is freed. */
int32_t runspaced_next(uint64_t call, uint32_t *kind, const uint8_t **data, size_t *length);

/* Cancels a call, from any thread. A write that has begun is ended and written down. */
int32_t runspaced_cancel(uint64_t call);

/* Ends a call, cancelling it if it still runs, and frees its memory. */
int32_t runspaced_free(uint64_t call);

/* Copies what was wrong with this thread's last call that was not answered with RUNSPACED_OK, without an end mark. Answers its length, also
 * where it was cut because it did not fit. */
size_t runspaced_last_error(uint8_t *buffer, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
