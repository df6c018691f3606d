using System.Diagnostics.CodeAnalysis;
using FraiseQL.EfCore.State.Model;
using FraiseQL.EfCore.State.Query;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

// ReSharper disable once CheckNamespace
namespace Microsoft.EntityFrameworkCore;

/// <summary>Says how cacheable queries that read an entity are cached when they do not say so themselves.</summary>
/// <remarks>Of several entities in one query, the one with the shortest time counts.</remarks>
public static class FraiseQLStateEntityTypeBuilderCacheExtensions
{
    /// <summary>The profile of cacheable queries that read this entity.</summary>
    /// <param name="builder">The builder of the entity type.</param>
    /// <param name="profile">The name of the profile: one of <see cref="FraiseQL.EfCore.State.CacheProfile"/>, or of <c>Cache:Profiles</c>.</param>
    /// <returns>The same builder.</returns>
    public static EntityTypeBuilder HasCacheProfile(this EntityTypeBuilder builder, string profile)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrWhiteSpace(profile);
        builder.HasAnnotation(StateAnnotations.CacheProfile, profile);
        return builder;
    }

    /// <inheritdoc cref="HasCacheProfile(EntityTypeBuilder, string)"/>
    /// <typeparam name="TEntity">The type of the entity.</typeparam>
    public static EntityTypeBuilder<TEntity> HasCacheProfile<[DynamicallyAccessedMembers(EntityMembers.OfEF)] TEntity>(
        this EntityTypeBuilder<TEntity> builder, string profile)
        where TEntity : class
    {
        HasCacheProfile((EntityTypeBuilder)builder, profile);
        return builder;
    }

    /// <summary>The time to live of cacheable queries that read this entity.</summary>
    /// <param name="builder">The builder of the entity type.</param>
    /// <param name="ttl">More than zero, at most 365 days.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ttl"/> is zero, negative or infinite.</exception>
    public static EntityTypeBuilder HasCacheTtl(this EntityTypeBuilder builder, TimeSpan ttl)
    {
        ArgumentNullException.ThrowIfNull(builder);
        CacheTtl.Check(ttl, nameof(ttl));
        builder.HasAnnotation(StateAnnotations.CacheTtl, ttl.Ticks);
        return builder;
    }

    /// <inheritdoc cref="HasCacheTtl(EntityTypeBuilder, TimeSpan)"/>
    /// <typeparam name="TEntity">The type of the entity.</typeparam>
    public static EntityTypeBuilder<TEntity> HasCacheTtl<[DynamicallyAccessedMembers(EntityMembers.OfEF)] TEntity>(
        this EntityTypeBuilder<TEntity> builder, TimeSpan ttl)
        where TEntity : class
    {
        HasCacheTtl((EntityTypeBuilder)builder, ttl);
        return builder;
    }
}
