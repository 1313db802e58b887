package glance.backend.cpu;

/** Whether this JVM has the Vector API and compiles it; asking loads none of it. */
final class VectorSupport {
    private VectorSupport() {}

    static boolean isUsable() {
        return !isTurnedOff() && hasModule() && compilerProblem() == null;
    }

    static boolean isTurnedOff() {
        return "off".equals(System.getProperty("glance.simd"));
    }

    static boolean hasModule() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    static String compilerProblem() {
        return compilerProblem(System.getProperty("java.vm.info", ""));
    }

    /**
     * Why this JVM does not compile vectors to machine code, or null. Without the C2 compiler each
     * operation on a vector makes an object, which is slower than plain Java.
     *
     * @param info as in {@code java -version}, such as {@code mixed mode, emulated-client, sharing}
     */
    static String compilerProblem(String info) {
        if (info.contains("interpreted mode")) {
            return "this JVM interprets (-Xint)";
        }
        return info.contains("client")
                ? "this JVM has no C2 compiler (-XX:TieredStopAtLevel)"
                : null;
    }
}
