import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * Whether what was deployed into a folder is what Maven Central takes and what we mean to publish:
 * the engine and each project in integrations/. Prints a line for each fault; none is exit code 0.
 * Needs no build: java scripts/CheckRelease.java REPOSITORY CHECKOUT [--signed]
 */
public class CheckRelease {
    private static final String ENGINE = "glance-engine";
    private static final List<String> FILES =
            List.of(".pom", ".jar", "-sources.jar", "-javadoc.jar");
    private static final List<String> REQUIRED =
            List.of(
                    "name",
                    "description",
                    "url",
                    "licenses/license/name",
                    "licenses/license/url",
                    "developers/developer/name",
                    "scm/url",
                    "scm/connection",
                    "scm/developerConnection");

    /** What belongs to the command line, and so to the jars cli and all. */
    private static final List<String> NOT_OF_THE_LIBRARY =
            List.of("glance/cli/", "glance/serve/", "glance/page/", "simplelogger.properties");

    private static final Pattern CHECKSUM = Pattern.compile(".*\\.(md5|sha1|sha256|sha512|asc)");
    private static final Pattern PROPERTY = Pattern.compile("\\$\\{([^}]+)}");
    private static final Pattern SCRIPT_REF =
            Pattern.compile("\"script-ref\"\\s*:\\s*\"([^:\"]+):([^:\"]+):([^:\"]+):([^@\"]+)@fatjar\"");

    private final Path repository;
    private final Path checkout;
    private final boolean signed;
    private final List<String> faults = new ArrayList<>();

    private CheckRelease(Path repository, Path checkout, boolean signed) {
        this.repository = repository;
        this.checkout = checkout;
        this.signed = signed;
    }

    public static void main(String[] args) throws Exception {
        boolean signed = args.length > 2 && args[2].equals("--signed");
        List<String> faults = faults(Path.of(args[0]), Path.of(args[1]), signed);
        faults.forEach(fault -> System.err.println("release: " + fault));
        System.exit(faults.isEmpty() ? 0 : 1);
    }

    /** A line for each fault. */
    public static List<String> faults(Path repository, Path checkout, boolean signed)
            throws IOException {
        CheckRelease check = new CheckRelease(repository, checkout, signed);
        Project engine = check.project(checkout.resolve("pom.xml"));
        check.artifact(engine);
        check.library(engine);
        try (Stream<Path> folders = Files.list(checkout.resolve("integrations"))) {
            for (Path folder : folders.sorted().toList()) {
                if (Files.exists(folder.resolve("pom.xml"))) {
                    check.integration(check.project(folder.resolve("pom.xml")), engine);
                }
            }
        }
        check.catalog(engine);
        return check.faults;
    }

    /** A project of the checkout: what must have been deployed. */
    private record Project(String group, String artifact, String version) {
        String fileName(String end) {
            return artifact + "-" + version + end;
        }

        Path folder(Path repository) {
            return repository.resolve(group.replace('.', '/')).resolve(artifact).resolve(version);
        }
    }

    private Project project(Path pom) throws IOException {
        Element root = xml(pom);
        return new Project(
                text(root, "groupId"), text(root, "artifactId"), text(root, "version"));
    }

    private void fault(Project project, String what) {
        faults.add(project.artifact() + ": " + what);
    }

    private void artifact(Project project) throws IOException {
        Path folder = project.folder(repository);
        for (String end : FILES) {
            Path file = folder.resolve(project.fileName(end));
            if (!Files.isRegularFile(file) || Files.size(file) == 0) {
                fault(project, file.getFileName() + " is missing");
            }
        }
        if (Files.isDirectory(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.sorted().toList()) {
                    if (!CHECKSUM.matcher(file.toString()).matches()) {
                        companions(project, file);
                    }
                }
            }
        }
        Path pom = folder.resolve(project.fileName(".pom"));
        if (Files.isRegularFile(pom)) {
            pom(project, xml(pom));
        }
    }

    /** Checksums, and the signature if asked for. */
    private void companions(Project project, Path file) throws IOException {
        for (Map.Entry<String, String> kind : Map.of("md5", "MD5", "sha1", "SHA-1").entrySet()) {
            Path sum = file.resolveSibling(file.getFileName() + "." + kind.getKey());
            if (!Files.isRegularFile(sum)) {
                fault(project, sum.getFileName() + " is missing");
            } else if (!Files.readString(sum).strip().equals(digest(file, kind.getValue()))) {
                fault(project, sum.getFileName() + " is not that of the file");
            }
        }
        if (signed && !Files.isRegularFile(file.resolveSibling(file.getFileName() + ".asc"))) {
            fault(project, file.getFileName() + " has no signature");
        }
    }

    private static String digest(Path file, String algorithm) throws IOException {
        try {
            byte[] bytes = Files.readAllBytes(file);
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void pom(Project project, Element root) {
        for (String path : REQUIRED) {
            if (text(root, path).isEmpty()) {
                fault(project, "the pom has no " + path);
            }
        }
        if (child(root, "parent") != null) {
            fault(project, "the pom has a parent, which is not published");
        }
        if (child(root, "repositories") != null) {
            fault(project, "the pom names repositories; users resolve from Maven Central alone");
        }
        version(project, root, project.artifact(), project.version());
        dependencies(project, root, child(root, "dependencies"));
        Element management = child(root, "dependencyManagement");
        if (management != null) {
            dependencies(project, root, child(management, "dependencies"));
        }
    }

    private void dependencies(Project project, Element root, Element list) {
        for (Element dependency : children(list, "dependency")) {
            String name = text(dependency, "groupId") + ":" + text(dependency, "artifactId");
            version(project, root, name, text(dependency, "version"));
            if (text(dependency, "scope").equals("system")) {
                fault(project, name + " has the scope system");
            }
        }
    }

    private void version(Project project, Element root, String name, String text) {
        String version = resolved(project, root, text);
        if (version.isEmpty()) {
            fault(project, name + " has no version");
        } else if (version.contains("${") || version.matches(".*[\\[\\](),].*")) {
            fault(project, name + " has the version " + version + ", expected a plain one");
        } else if (version.endsWith("-SNAPSHOT")) {
            fault(project, name + " has the version " + version + ", which is no release");
        }
    }

    private static String resolved(Project project, Element root, String text) {
        Matcher matcher = PROPERTY.matcher(text);
        return matcher.replaceAll(
                found -> {
                    String value =
                            found.group(1).equals("project.version")
                                    ? project.version()
                                    : text(root, "properties/" + found.group(1));
                    return Matcher.quoteReplacement(value.isEmpty() ? found.group() : value);
                });
    }

    /** The engine alone, without its command line and without anything that stands on it. */
    private void library(Project engine) throws IOException {
        Path jar = engine.folder(repository).resolve(engine.fileName(".jar"));
        if (Files.isRegularFile(jar)) {
            for (String entry : entries(jar)) {
                if (NOT_OF_THE_LIBRARY.stream().anyMatch(entry::startsWith)) {
                    fault(engine, jar.getFileName() + " has " + entry + " of the command line");
                    break;
                }
            }
        }
        Path pom = engine.folder(repository).resolve(engine.fileName(".pom"));
        if (Files.isRegularFile(pom)) {
            for (Element dependency : children(child(xml(pom), "dependencies"), "dependency")) {
                if (text(dependency, "groupId").equals(engine.group())) {
                    fault(engine, "depends on " + text(dependency, "artifactId"));
                }
            }
        }
    }

    private void integration(Project project, Project engine) throws IOException {
        artifact(project);
        if (!project.group().equals(engine.group()) || !project.version().equals(engine.version())) {
            fault(
                    project,
                    "is " + project.group() + " " + project.version() + ", but the engine is "
                            + engine.group() + " " + engine.version());
        }
        Path jar = project.folder(repository).resolve(project.fileName(".jar"));
        if (Files.isRegularFile(jar) && entries(jar).contains("glance/Glance.class")) {
            fault(project, jar.getFileName() + " has the engine in it");
        }
    }

    /** The catalog of jbang names a jar that is there and that can be started. */
    private void catalog(Project engine) throws IOException {
        Matcher found =
                SCRIPT_REF.matcher(Files.readString(checkout.resolve("jbang-catalog.json")));
        if (!found.find()) {
            fault(engine, "jbang-catalog.json names no GROUP:ARTIFACT:VERSION:CLASSIFIER@fatjar");
            return;
        }
        Project named = new Project(found.group(1), found.group(2), found.group(3));
        if (!named.equals(engine)) {
            fault(engine, "jbang-catalog.json names " + named + ", expected " + engine);
        }
        Path jar =
                engine.folder(repository).resolve(engine.fileName("-" + found.group(4) + ".jar"));
        if (!Files.isRegularFile(jar)) {
            fault(engine, jar.getFileName() + ", which jbang-catalog.json names, is missing");
            return;
        }
        try (JarFile file = new JarFile(jar.toFile())) {
            Manifest manifest = file.getManifest();
            String main =
                    manifest == null ? null : manifest.getMainAttributes().getValue("Main-Class");
            if (main == null || file.getEntry(main.replace('.', '/') + ".class") == null) {
                fault(engine, jar.getFileName() + " has no main class, so jbang cannot start it");
            }
        }
    }

    private static List<String> entries(Path jar) throws IOException {
        try (JarFile file = new JarFile(jar.toFile())) {
            return file.stream().map(entry -> entry.getName()).toList();
        }
    }

    private static Element xml(Path file) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return factory.newDocumentBuilder().parse(file.toFile()).getDocumentElement();
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> all = new ArrayList<>();
        Node node = parent == null ? null : parent.getFirstChild();
        for (; node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                all.add(element);
            }
        }
        return all;
    }

    private static Element child(Element parent, String name) {
        List<Element> all = children(parent, name);
        return all.isEmpty() ? null : all.get(0);
    }

    /** The text of an element below another, by their names; empty if it is not there. */
    private static String text(Element parent, String path) {
        Element element = parent;
        for (String name : path.split("/")) {
            element = child(element, name);
        }
        return element == null ? "" : element.getTextContent().strip();
    }
}
