package example;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The built jar as a server of its small model, on a free port. */
final class Serving implements BeforeAllCallback, AfterAllCallback {
    private Process process;
    private String address;

    /** The base address for clients of OpenAI. */
    String base() {
        return address + "v1";
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        process =
                new ProcessBuilder(
                                java,
                                "-jar",
                                System.getProperty("glance.jar"),
                                "serve",
                                "--port",
                                "0",
                                "--out",
                                "target/pictures")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream()));
        address = out.readLine();
        if (address == null) {
            throw new IllegalStateException("the server did not start");
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        process.toHandle().destroy();
        int code = process.waitFor();
        if (code != 0) {
            throw new AssertionError("the server ended with " + code);
        }
    }
}
