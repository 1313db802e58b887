package glance.io;

import com.sun.jna.Platform;
import java.util.Map;

/**
 * JNA's native library, which JNA would unpack at every start, below the home or where it is not.
 */
public final class JnaLibrary {
    private JnaLibrary() {}

    /**
     * The system properties that JNA finds its library by; none where it has none for this machine.
     *
     * @throws java.io.UncheckedIOException if it cannot be unpacked
     */
    public static Map<String, String> settings() {
        String name = System.mapLibraryName("jnidispatch").replace(".dylib", ".jnilib");
        String resource = "com/sun/jna/" + Platform.RESOURCE_PREFIX + "/" + name;
        if (!NativeLibraries.exists(resource)) {
            return Map.of();
        }
        String folder = NativeLibraries.unpack("jna", Map.of(name, resource)).toString();
        // the second for folders whose name has the separator of paths in it
        return Map.of("jna.boot.library.path", folder, "jna.tmpdir", folder);
    }
}
