/** What messages and files are written with: text of strangers made fit for them, our own name. */
package glance.text;
