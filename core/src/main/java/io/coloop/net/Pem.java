package io.coloop.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * {@link SSLContext}s of PEM files, as certification authorities hand them out. Reads files, so it blocks: call it before the loop starts, or in {@code blocking}.
 */
public final class Pem {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");
    private static final char[] NO_PASSWORD = {};

    private Pem() {}

    /**
     * A context that shows a certificate and trusts whom the JDK trusts.
     *
     * @param chain the certificate and those that vouch for it, the own one first, such as {@code fullchain.pem}
     * @param key its private key, in PKCS#8 without a password ({@code BEGIN PRIVATE KEY}), such as {@code privkey.pem}
     * @throws IOException if a file cannot be read or has something else in it
     */
    public static SSLContext identity(Path chain, Path key) throws IOException {
        return context(Objects.requireNonNull(chain, "chain"), Objects.requireNonNull(key, "key"), null);
    }

    /** The same, and it trusts only what is signed by one of the certificates in a file. */
    public static SSLContext identity(Path chain, Path key, Path trusted) throws IOException {
        return context(
                Objects.requireNonNull(chain, "chain"),
                Objects.requireNonNull(key, "key"),
                Objects.requireNonNull(trusted, "trusted"));
    }

    /**
     * A context that trusts only what is signed by one of the certificates in a file, and shows none.
     *
     * @throws IOException if the file cannot be read or has no certificate in it
     */
    public static SSLContext trusting(Path trusted) throws IOException {
        return context(null, null, Objects.requireNonNull(trusted, "trusted"));
    }

    private static SSLContext context(@Nullable Path chain, @Nullable Path key, @Nullable Path trusted)
            throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    chain == null || key == null ? null : keyManagers(chain, key),
                    trusted == null ? null : trustManagers(trusted),
                    null);
            return context;
        } catch (GeneralSecurityException unusable) {
            throw new IOException("no SSLContext can be made of these files: " + unusable.getMessage(), unusable);
        }
    }

    private static KeyManager[] keyManagers(Path chain, Path key) throws IOException, GeneralSecurityException {
        KeyStore store = emptyStore();
        store.setKeyEntry(
                "key", privateKey(key), NO_PASSWORD, certificates(chain).toArray(Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
        factory.init(store, NO_PASSWORD);
        return factory.getKeyManagers();
    }

    private static TrustManager[] trustManagers(Path trusted) throws IOException, GeneralSecurityException {
        KeyStore store = emptyStore();
        for (Certificate each : certificates(trusted)) {
            store.setCertificateEntry("trusted-" + store.size(), each);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(Path file)
            throws IOException, GeneralSecurityException {
        Collection<? extends Certificate> found;
        try {
            found = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
        } catch (CertificateException malformed) {
            throw new IOException("a certificate in " + file + " is malformed", malformed);
        }
        if (found.isEmpty()) {
            throw new IOException("no certificate in " + file);
        }
        return found;
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        Matcher key = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
        if (!key.find()) {
            throw new IOException(
                    "no BEGIN PRIVATE KEY in " + file
                            + "; of another form, openssl pkcs8 -topk8 -nocrypt makes it: a key with a password goes into a KeyStore");
        }
        PKCS8EncodedKeySpec encoded =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(key.group(1)));
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
            } catch (InvalidKeySpecException another) {
                // the encoding says which, but the JDK does not look
            }
        }
        throw new IOException("the private key in " + file + " is neither EC nor RSA nor EdDSA");
    }
}
