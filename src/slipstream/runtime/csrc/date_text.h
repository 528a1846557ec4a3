/* Dates and times in the layouts that machines write: what date_text.py reads, in fixed places. */
#ifndef SLIPSTREAM_DATE_TEXT_H
#define SLIPSTREAM_DATE_TEXT_H

#include "calendar.h"

/* The order of three numbers of which the first is not a year. */
typedef enum { NO_ORDER, DAY_FIRST, MONTH_FIRST } DateOrder;

INLINE bool is_digit(uint8_t letter) { return (uint8_t)(letter - '0') < 10; }

INLINE bool read_two(const uint8_t *text, uint32_t *number)
{
    *number = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    return is_digit(text[0]) && is_digit(text[1]);
}

INLINE bool read_four(const uint8_t *text, uint32_t *number)
{
    uint32_t high = 0, low = 0;
    const bool digits = read_two(text, &high) && read_two(text + 2, &low);
    *number = high * 100 + low;
    return digits;
}

INLINE bool is_mark(uint8_t letter)
{
    return letter == '-' || letter == '/' || letter == '.' || letter == ' ';
}

/* Ten characters: 2025-03-04, or 04/03/2025 in the given order; any mark, twice the same. */
INLINE bool read_day(const uint8_t *text, DateOrder order, Instant *midnight)
{
    uint32_t year, month, day;
    if (text[4] == text[7] && is_mark(text[4])) {
        if (!read_four(text, &year) || !read_two(text + 5, &month) || !read_two(text + 8, &day))
            return false;
    } else if (order != NO_ORDER && text[2] == text[5] && is_mark(text[2])) {
        const int64_t month_at = order == MONTH_FIRST ? 0 : 3;
        if (!read_four(text + 6, &year) || !read_two(text + month_at, &month) ||
            !read_two(text + 3 - month_at, &day))
            return false;
    } else {
        return false;
    }
    if (!is_day(year, month, day))
        return false;
    *midnight = midnight_of(year, month, day);
    return true;
}

/* What is left after the clock: nothing, Z, +01, +0100 or +01:00; its microseconds. */
INLINE bool read_offset(const uint8_t *text, int64_t length, int64_t *offset)
{
    *offset = 0;
    if (length == 0 || (length == 1 && text[0] == 'Z'))
        return true;
    uint32_t hours, minutes = 0;
    if ((text[0] != '+' && text[0] != '-') || length < 3 || !read_two(text + 1, &hours))
        return false;
    const int64_t at = length > 3 && text[3] == ':' ? 4 : 3;
    if (length > 3 && (length != at + 2 || !read_two(text + at, &minutes)))
        return false;
    if (hours > 23 || minutes > 59)
        return false;
    const int64_t size = (int64_t)(hours * 60 + minutes) * 60 * SECOND_US;
    *offset = text[0] == '-' ? -size : size;
    return true;
}

/* 12:30, 12:30:15, 12:30:15.25, and an offset: microseconds of the day in UTC. */
INLINE bool read_clock(const uint8_t *text, int64_t length, int64_t *clock)
{
    uint32_t hour, minute, second = 0, fraction = 0;
    int64_t at = 5, offset;
    if (length < 5 || text[2] != ':' || !read_two(text, &hour) || !read_two(text + 3, &minute))
        return false;
    if (length >= 8 && text[5] == ':') {
        if (!read_two(text + 6, &second))
            return false;
        at = 8;
        if (length > 9 && text[8] == '.' && is_digit(text[9])) {
            static const uint32_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
            int64_t digits = 0; /* finer ones than microseconds are cut off */
            for (at = 9; at < length && is_digit(text[at]); at++) {
                if (digits < 6) {
                    fraction = fraction * 10 + (uint32_t)(text[at] - '0');
                    digits++;
                }
            }
            fraction *= units[digits];
        }
    }
    if (hour > 23 || minute > 59 || second > 59 || !read_offset(text + at, length - at, &offset))
        return false;
    *clock = (int64_t)((hour * 60 + minute) * 60 + second) * SECOND_US + fraction - offset;
    return true;
}

/* False where the text has another layout, or is not a date. */
INLINE bool read_date_text(const uint8_t *text, int64_t length, DateOrder order, Instant *instant)
{
    int64_t clock = 0;
    if (length < 10 || !read_day(text, order, instant))
        return false;
    if (length > 10 && ((text[10] != 'T' && text[10] != ' ') ||
                        !read_clock(text + 11, length - 11, &clock)))
        return false;
    instant->us += clock;
    if (clock < 0 || clock >= DAY_US) /* an offset moves it to another day */
        instant->day.month = 0;
    return true;
}

#endif
