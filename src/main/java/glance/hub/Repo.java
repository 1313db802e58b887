package glance.hub;

import java.util.List;
import java.util.Map;

/**
 * What the hub says about a repository at a revision.
 *
 * @param commit that the revision is at
 * @param licence as its card names it; null if it names none
 * @param gated whether its files are only for accounts that accepted its terms
 * @param files names of all files
 * @param known files by their names, as far as size and hash came with the list
 */
record Repo(
        String commit,
        String licence,
        boolean gated,
        List<String> files,
        Map<String, RepoFile> known) {}
