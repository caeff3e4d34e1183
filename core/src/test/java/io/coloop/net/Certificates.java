package io.coloop.net;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Certificates for tests, made by keytool once per JVM: those of one authority, and a stranger's. */
final class Certificates {
    private static final char[] PASSWORD = "secret".toCharArray();
    private static final Path DIRECTORY = directory();
    private static final KeyStore STORE = make();

    private Certificates() {}

    /** Of localhost, 127.0.0.1 and example.test. */
    static final String SERVER = "server";

    /** Of another.test. */
    static final String ANOTHER = "another";

    static final String CLIENT = "client";

    /** Of localhost, till yesterday. */
    static final String EXPIRED = "expired";

    /** Of localhost, signed by itself. */
    static final String STRANGER = "stranger";

    private static final String AUTHORITY = "authority";

    /** Shows this one and trusts the authority. */
    static SSLContext context(String shown) {
        return context(shown, trustManagers(AUTHORITY));
    }

    /** Shows none and trusts the authority. */
    static SSLContext trusting() {
        return context(null, trustManagers(AUTHORITY));
    }

    static TrustManager[] trustManagers(String trusted) {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setCertificateEntry("trusted", STORE.getCertificate(trusted));
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            return factory.getTrustManagers();
        } catch (GeneralSecurityException | IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    static SSLContext context(String shown, TrustManager[] trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(shown == null ? null : keyManagers(shown), trust, null);
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static KeyManager[] keyManagers(String alias) throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(alias, STORE.getKey(alias, PASSWORD), PASSWORD, STORE.getCertificateChain(alias));
            KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
            factory.init(store, PASSWORD);
            return factory.getKeyManagers();
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    // ---- as files

    static Path authorityFile() throws Exception {
        return pem(
                "authority.pem",
                "CERTIFICATE",
                List.of(STORE.getCertificate(AUTHORITY).getEncoded()));
    }

    static Path chainFile(String alias) throws Exception {
        List<byte[]> chain = new ArrayList<>();
        for (Certificate each : STORE.getCertificateChain(alias)) {
            chain.add(each.getEncoded());
        }
        return pem(alias + "-chain.pem", "CERTIFICATE", chain);
    }

    static Path keyFile(String alias) throws Exception {
        Key key = STORE.getKey(alias, PASSWORD);
        return pem(alias + "-key.pem", "PRIVATE KEY", List.of(key.getEncoded()));
    }

    private static Path pem(String name, String what, List<byte[]> all) throws IOException {
        StringBuilder text = new StringBuilder("a comment, as openssl writes\n");
        for (byte[] each : all) {
            text.append("-----BEGIN ").append(what).append("-----\n");
            text.append(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(each));
            text.append("\n-----END ").append(what).append("-----\n");
        }
        return Files.writeString(DIRECTORY.resolve(name), text);
    }

    // ---- making them

    private static Path directory() {
        try {
            return Files.createTempDirectory("coloop-tls");
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static KeyStore make() {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(Certificates::clear));
            keytool(AUTHORITY, "EC", "-dname", "CN=authority", "-ext", "bc:c");
            String names = "san=dns:localhost,dns:example.test,ip:127.0.0.1";
            signed(SERVER, "EC", "-dname", "CN=server", "-ext", names);
            signed(ANOTHER, "RSA", "-dname", "CN=another", "-ext", "san=dns:another.test");
            signed(CLIENT, "EC", "-dname", "CN=client");
            signed(EXPIRED, "EC", "-dname", "CN=expired", "-ext", names, "-startdate", "-2d", "-validity", "1");
            keytool(STRANGER, "EC", "-dname", "CN=stranger", "-ext", names);
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(DIRECTORY.resolve("store"))) {
                store.load(in, PASSWORD);
            }
            return store;
        } catch (Exception impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static void signed(String alias, String algorithm, String... options) throws Exception {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("-signer", AUTHORITY));
        keytool(alias, algorithm, all.toArray(String[]::new));
    }

    private static void keytool(String alias, String algorithm, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                algorithm,
                "-keystore",
                DIRECTORY.resolve("store").toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                new String(PASSWORD)));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError(said);
        }
    }

    private static void clear() {
        try (var files = Files.list(DIRECTORY)) {
            for (Path each : files.toList()) {
                Files.delete(each);
            }
            Files.delete(DIRECTORY);
        } catch (IOException left) {
            // in the temporary directory
        }
    }
}
