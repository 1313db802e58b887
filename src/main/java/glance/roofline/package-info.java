/**
 * How close each kernel comes to the least time it could take, its floor: that of its arithmetic
 * and its bytes at the best rates of the device. Williams, Waterman and Patterson, "Roofline", CACM
 * 52(4), 2009. Talks to a device through {@code glance.backend} alone, so it measures any of them;
 * below the command line.
 *
 * <p>Not API: may change in any release.
 */
package glance.roofline;
