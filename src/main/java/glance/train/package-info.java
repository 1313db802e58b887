/** Training of adapters: parameters, optimizer, loop. */
package glance.train;
