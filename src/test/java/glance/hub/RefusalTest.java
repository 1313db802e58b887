package glance.hub;

import static glance.hub.HubFixture.NAME;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the hub refuses: each is one line that helps. */
class RefusalTest {
    @TempDir private Path home;
    private HubFixture fixture;

    @BeforeEach
    void open() {
        fixture = new HubFixture(home).model(5_000);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private void answer(int status, String code, String within) {
        fixture.hub.fault(
                exchange -> {
                    boolean refused = exchange.getRequestURI().getPath().contains(within);
                    if (refused) {
                        exchange.getResponseHeaders().set("X-Error-Code", code);
                        exchange.getResponseHeaders().set("X-Error-Message", "because\u0085so");
                        StandInHub.say(exchange, status, "no");
                    }
                    return refused;
                });
    }

    private void assertRefused(String message) {
        assertThatThrownBy(() -> fixture.files().model(NAME))
                .hasMessage(
                        "some-one/tiny.model: " + message.replace("HUB", fixture.hub.endpoint()))
                .hasMessageNotContaining("hf_secret");
    }

    @Test
    void gatedWithoutToken_saysWhereToAcceptAndHowToGiveOne() {
        answer(401, "GatedRepo", "/resolve/");
        assertRefused(
                "is gated; accept its terms on HUB/some-one/tiny.model, then give a token of your"
                        + " account: set HF_TOKEN, or run hf auth login");
        assertThat(fixture.files().look(NAME).files()).hasSize(3);
    }

    @Test
    void gatedForTheToken_saysWhereToAccept() {
        fixture.environment.put("HF_TOKEN", "hf_secret");
        answer(403, "GatedRepo", "/resolve/");
        assertRefused(
                "is gated, and the account of your token has no access; accept its terms on"
                        + " HUB/some-one/tiny.model");
    }

    @Test
    void tokenThatIsNotAccepted_saysWhereToGetOne() {
        fixture.environment.put("HF_TOKEN", "hf_secret");
        answer(401, "", "/api/");
        assertRefused("the hub does not accept your token; get a new one from HUB/settings/tokens");
    }

    @Test
    void unknownOrPrivate_saysBoth() {
        String unknown =
                "no such repository on HUB, and no such folder here; check the name, or, if it is"
                        + " private, give a token of your account: set HF_TOKEN, or run hf auth"
                        + " login";
        answer(401, "RepoNotFound", "/api/");
        assertRefused(unknown);
        answer(404, "", "/api/");
        assertRefused(unknown);
        fixture.environment.put("HF_TOKEN", "hf_secret");
        answer(404, "RepoNotFound", "/api/");
        assertRefused("no such repository on HUB, and no such folder here; check the name");
    }

    @Test
    void unknownRevision_isNamed() {
        assertThatThrownBy(
                        () ->
                                fixture.files()
                                        .model(HubName.of(HubFixture.ID + "@v9").orElseThrow()))
                .hasMessage("some-one/tiny.model@v9: the repository has no revision v9");
    }

    @Test
    void lostFile_isNamed() {
        answer(404, "EntryNotFound", "/resolve/" + StandInHub.COMMIT + "/vae/d");
        assertRefused(
                "the repository has no file 'vae/diffusion_pytorch_model.safetensors'"
                        .replace("'", ""));
    }

    @Test
    void anyOther_isGivenWithTheHubsWords() {
        answer(451, "", "/api/");
        assertRefused("127.0.0.1 answers 451 (because?so); see HUB/some-one/tiny.model");
    }
}
