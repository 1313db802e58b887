/** What fuzz tests share: see scripts/fuzz. The tests lie beside what they try. */
package glance.fuzz;
