/**
 * Not API. Models and adapters of the Hugging Face hub: what its cache on this machine holds, and
 * how what is missing gets there. The only package that opens a connection. Above {@code lora}; the
 * front door and the command line ask it for paths.
 *
 * <p>The cache is that of the hub's own tools, which may use it before and after:
 *
 * <pre>
 * $HF_HUB_CACHE/models--ORG--NAME/blobs/ETAG                    content, named by its hash
 *                                 blobs/ETAG.incomplete         its beginning, as far as it came
 *                                 refs/main                     the commit of a branch
 *                                 snapshots/COMMIT/PATH         link to ../../blobs/ETAG
 *               .locks/models--ORG--NAME/ETAG.lock              who fetches it
 * </pre>
 */
package glance.hub;
