package glance.hub;

import glance.text.PrintableText;

/** Words for answers that are no. */
final class Refusal {
    private static final String GIVE_TOKEN =
            "give a token of your account: set HF_TOKEN, or run hf auth login";

    private final HubClient client;
    private final HubName name;

    Refusal(HubClient client, HubName name) {
        this.client = client;
        this.name = name;
    }

    /**
     * @param file that was asked for; null if it was the repository
     */
    HubException of(Reply reply, String file) {
        return new HubException(reason(reply, file));
    }

    private String reason(Reply reply, String file) {
        String code = reply.header("X-Error-Code");
        String page = client.settings().endpoint() + "/" + name.repo();
        if (code.equals("GatedRepo")) {
            return client.hasToken()
                    ? "is gated, and the account of your token has no access; accept its terms on "
                            + page
                    : "is gated; accept its terms on " + page + ", then " + GIVE_TOKEN;
        }
        if (code.equals("RevisionNotFound")) {
            return "the repository has no revision " + name.revision();
        }
        if (file != null && reply.status() == 404) {
            return "the repository has no file " + PrintableText.quoted(file);
        }
        if (reply.status() == 401 && client.hasToken() && !code.equals("RepoNotFound")) {
            return "the hub does not accept your token; get a new one from "
                    + client.settings().endpoint()
                    + "/settings/tokens";
        }
        if (reply.status() == 401 || reply.status() == 404) {
            return "no such repository on "
                    + client.settings().endpoint()
                    + ", and no such folder here; check the name"
                    + (client.hasToken() ? "" : ", or, if it is private, " + GIVE_TOKEN);
        }
        if (reply.status() == 407) {
            return "the proxy asks for a password, which is not supported";
        }
        String words = reply.header("X-Error-Message");
        return reply.uri().getHost()
                + " answers "
                + reply.status()
                + (words.isEmpty() ? "" : " (" + PrintableText.quoted(words) + ")")
                + "; see "
                + page;
    }
}
