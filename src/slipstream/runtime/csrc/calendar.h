/* Instants and the calendar: the same integers as in date_parts.py, and the same two divisions. */
#ifndef SLIPSTREAM_CALENDAR_H
#define SLIPSTREAM_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"

#define SECOND_US INT64_C(1000000)
#define DAY_SECONDS 86400
#define DAY_US (DAY_SECONDS * SECOND_US)
#define MARCH_0000 INT64_C(719468) /* days from the first of March of year 0 to 1970 */
#define FIRST_US (INT64_C(-718797) * DAY_US) /* years below 2 stand for no date */
#define END_US (INT64_C(2932532) * DAY_US)   /* and those from 9999 on */

/* What is derived from an instant, in the order of date_parts.PARTS. */
typedef enum { HOUR, WEEKDAY, DAY_OF_MONTH, MONTH, PART_KINDS } Part;

INLINE bool is_leap(uint32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

/* Whether there is such a day, of a year from 1 to 9999. */
INLINE bool is_day(uint32_t year, uint32_t month, uint32_t day)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    return day <= lengths[month - 1] + (uint32_t)(month == 2 && is_leap(year));
}

/* Days from 1970 to a day that is_day. */
INLINE int64_t days_of(uint32_t year, uint32_t month, uint32_t day)
{
    year -= month <= 2; /* a year begins in March: a leap day is its last */
    const uint32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (int64_t)(year * 365 + year / 4 - year / 100 + year / 400 + of_year) - MARCH_0000;
}

typedef struct {
    int64_t since_1970;
    uint32_t month, of_month;
} Day;

/* A moment in UTC, and its day where the value names it: otherwise the day's month is 0. */
typedef struct {
    int64_t us; /* since 1970; END_US: missing */
    Day day;
} Instant;

/* Midnight of a day that is_day. */
INLINE Instant midnight_of(uint32_t year, uint32_t month, uint32_t day)
{
    const int64_t days = days_of(year, month, day);
    return (Instant){.us = days * DAY_US, .day = {days, month, day}};
}

INLINE Instant counted(int64_t us) { return (Instant){.us = us}; }

INLINE Day day_of(int64_t since_1970)
{
    const uint32_t of_era = (uint32_t)(since_1970 + MARCH_0000) % 146097; /* of 400 years */
    const uint32_t year =
        (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    const uint32_t month = (5 * of_year + 2) / 153; /* from March */
    return (Day){
        .since_1970 = since_1970,
        .month = month < 10 ? month + 3 : month - 9,
        .of_month = of_year - (153 * month + 2) / 5 + 1,
    };
}

/* Writes the parts of an instant between FIRST_US and END_US, given its seconds: in far years they
 * round the last microsecond of a day up to midnight. */
INLINE void derive(const Instant *instant, double seconds, const uint8_t *parts, int64_t count,
                   double *values)
{
    Day day = instant->day;
    if (day.month == 0)
        day = day_of((instant->us + MARCH_0000 * DAY_US) / DAY_US - MARCH_0000);
    if (seconds >= (double)((day.since_1970 + 1) * DAY_SECONDS))
        day = day_of(day.since_1970 + 1);
    const double midnight = (double)day.since_1970 * DAY_SECONDS;
    const uint32_t weekday = (uint32_t)(day.since_1970 + MARCH_0000 + 2) % 7; /* 0: a Wednesday */
    const double all[PART_KINDS] = {
        [HOUR] = (seconds - midnight) / 3600,
        [WEEKDAY] = (double)weekday,
        [DAY_OF_MONTH] = (double)day.of_month,
        [MONTH] = (double)day.month,
    };
    for (int64_t index = 0; index < count; index++)
        values[index] = all[parts[index]];
}

#endif
